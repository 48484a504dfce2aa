//! `cookie` (configuration.txt 4.2): a cookie keeps a client at the server that served it first.

/// Who makes the cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CookieMode {
    /// No mode word: the server makes it, and its value is a server's `cookie`.
    #[default]
    Passive,
    /// `rewrite`: the server makes it, its value is replaced.
    Rewrite,
    /// `insert`: it is made here.
    Insert,
    /// `prefix`: the server makes it, its value gets the server's in front, and loses it on the way back.
    Prefix,
}

/// The cookie of a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub mode: CookieMode,
    /// `indirect`: a client that has it gets no other; with `insert` servers do not see it.
    pub indirect: bool,
    /// `nocache`: a cacheable response that gets it is marked private.
    pub nocache: bool,
    /// `postonly`: only responses to POST get it.
    pub postonly: bool,
    /// `preserve`: one that the server makes goes through.
    pub preserve: bool,
    /// `maxidle`, in seconds: older last dates do not count.
    pub maxidle_secs: Option<u32>,
    /// `maxlife`, in seconds: older first dates do not count.
    pub maxlife_secs: Option<u32>,
    /// `dynamic`: servers without a `cookie` of their own get one made of their address.
    pub dynamic: bool,
    /// Attributes of inserted ones behind `path=/`, each with `; ` in front: `domain`, `httponly`, `secure`, `attr`.
    pub attributes: String,
}

impl Cookie {
    /// Whether the log tells what became of it: not of a name without a mode.
    pub fn is_logged(&self) -> bool {
        self.mode != CookieMode::Passive || self.indirect
    }

    /// Whether values carry dates.
    pub fn is_dated(&self) -> bool {
        self.maxidle_secs.is_some() || self.maxlife_secs.is_some()
    }
}
