//! What was typed: sections as they were read, names not yet turned into ids.

use super::default_path::DefaultPath;
use super::directory::Directory;
use super::keyword::Sections;
use super::server_line::ServerOptions;
use crate::base::diag::Place;
use crate::net::address::Address;
use crate::settings::bind::UnixOptions;
use crate::settings::log_format::Captures;
use crate::settings::proxy::{HttpReuse, LoadState, TcpKeepalive};
use crate::settings::{
    Answer, Answers, Balance, Global, HashType, Http, Kind, LogLine, Mode, Options, Proxy, Timeouts,
};
use std::path::PathBuf;

/// Everything read so far.
#[derive(Debug, Default)]
pub struct Draft {
    /// The merged `global` sections.
    pub global: Global,
    /// Global keywords that may stand only once, already seen.
    pub seen: Vec<&'static str>,
    /// `defaults` sections in order.
    pub defaults: Vec<ProxyDraft>,
    /// `frontend`, `backend` and `listen` sections in order.
    pub proxies: Vec<ProxyDraft>,
    /// Their names.
    pub directory: Directory,
    /// `http-errors` sections in order.
    pub error_groups: Vec<ErrorGroup>,
    /// `unix-bind`, for the binds below it.
    pub unix_bind: UnixOptions,
    /// `h1-case-adjust-file`: the last one, and where it stands.
    pub header_cases_file: Option<(Place, PathBuf)>,
    /// `default-path`, for the names below it.
    pub default_path: DefaultPath,
    /// Which section the lines being read belong to.
    pub current: Current,
}

/// The section that lines belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Current {
    /// Before the first section, or behind a section line that was refused.
    #[default]
    None,
    /// `global`
    Global,
    /// Position in [`Draft::defaults`].
    Defaults(usize),
    /// Position in [`Draft::proxies`].
    Proxy(usize),
    /// Position in [`Draft::error_groups`].
    HttpErrors(usize),
    /// A section whose lines are skipped: its first line has been answered with an error.
    Skipped,
}

impl Draft {
    /// The proxy section being read, if it is one.
    pub fn proxy(&mut self) -> Option<&mut ProxyDraft> {
        match self.current {
            Current::Defaults(at) => self.defaults.get_mut(at),
            Current::Proxy(at) => self.proxies.get_mut(at),
            _ => None,
        }
    }

    /// The section being read as a set of one, for row lookup.
    pub fn section(&self) -> Option<Sections> {
        match self.current {
            Current::Global => Some(Sections::GLOBAL),
            Current::Defaults(_) => Some(Sections::DEFAULTS),
            Current::Proxy(at) => self.proxies.get(at).map(|draft| draft.section()),
            Current::HttpErrors(_) => Some(Sections::HTTP_ERRORS),
            Current::None | Current::Skipped => None,
        }
    }
}

/// An `http-errors` section.
#[derive(Debug)]
pub struct ErrorGroup {
    /// Where it begins.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its `errorfile` lines.
    pub answers: Answers,
}

/// A line that gives a proxy answers of the operator's own.
#[derive(Clone, Debug)]
pub enum AnswerLine {
    /// `errorfile`, `errorloc` or `http-error`, read.
    Own(u16, Answer),
    /// `http-error ... default-errorfiles`
    Default(u16),
    /// `errorfiles`
    Group {
        /// Where it stands.
        place: Place,
        /// The section meant, which may follow.
        name: String,
        /// The codes that are taken; all when there are none.
        codes: Vec<u16>,
    },
}

/// An `option` that needs `mode http`, switched on here or inherited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpOption {
    /// Its name.
    pub name: &'static str,
    /// Where it is legal.
    pub sections: Sections,
}

/// How other sections took their values from a `defaults` section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// By `from` and its name.
    Explicit,
    /// As the latest one.
    Implicit,
    /// Both; the operator has been told.
    Mixed,
}

/// A proxy section. Its `settings` carry what needs no names; the rest waits for `resolve`.
#[derive(Clone, Debug)]
pub struct ProxyDraft {
    /// Plain values, as they will be used. Servers and the backend are filled in by `resolve`.
    pub settings: Proxy,
    /// Whether this is a `defaults` section; its name is then `settings.name`, empty if anonymous.
    pub is_defaults: bool,
    /// How a `defaults` section was used so far.
    pub used: Option<Use>,
    /// Explicit `id`.
    pub id: Option<u32>,
    /// `default_backend` and where it stands.
    pub default_backend: Option<(Place, String)>,
    /// `use_backend` without condition, in order.
    pub use_backends: Vec<(Place, String)>,
    /// `default-server` values so far.
    pub default_server: ServerOptions,
    /// `balance` was given, here or in the `defaults`.
    pub balance_given: bool,
    /// `dispatch`: where it stands, and the address, resolved.
    pub dispatch: Option<(Place, Address)>,
    /// `server` lines.
    pub servers: Vec<ServerDraft>,
    /// Where `option httplog`, `tcplog` or `log-format` stands.
    pub log_line_place: Option<Place>,
    /// Text of `log-format`, while it is the line in force.
    pub log_format: Option<(Place, String)>,
    /// `errorfile`, `errorloc` and `errorfiles`, in order: the later one counts.
    pub answer_lines: Vec<AnswerLine>,
    /// `log-format-sd`.
    pub log_format_sd: Option<(Place, String)>,
    /// `error-log-format`.
    pub error_log_format: Option<(Place, String)>,
    /// `unique-id-format`.
    pub unique_id_format: Option<(Place, String)>,
    /// `timeout` words given in this very section.
    pub timeouts_seen: Vec<&'static str>,
    /// Options that are on and need `mode http`.
    pub http_options: Vec<HttpOption>,
}

impl ProxyDraft {
    /// An empty section.
    pub fn new(kind: Kind, name: &str, place: Place) -> Self {
        ProxyDraft {
            settings: Proxy {
                place,
                name: name.to_owned(),
                id: 0,
                id_given: false,
                kind,
                mode: Mode::default(),
                disabled: false,
                description: None,
                binds: Vec::new(),
                maxconn: None,
                backlog: None,
                fullconn: None,
                rate_limit_sessions: None,
                backend: None,
                timeouts: Timeouts::default(),
                options: Options::default(),
                client_keepalive: TcpKeepalive::default(),
                server_keepalive: TcpKeepalive::default(),
                retries: 3,
                load_state: LoadState::default(),
                server_state_file_name: None,
                servers: Vec::new(),
                dispatch: None,
                balance: Balance::default(),
                hash_type: HashType::default(),
                hash_balance_factor_pct: 0,
                http_reuse: HttpReuse::default(),
                source: None,
                logs: Vec::new(),
                http: Http::default(),
                cookie: None,
                dynamic_cookie_key: None,
                rdp_persistence: None,
                answers: Answers::default(),
                log_line: LogLine::default(),
                log_format: None,
                log_format_sd: None,
                error_log_format: None,
                unique_id_format: None,
                unique_id_header: None,
                captures: Captures::default(),
                log_tag: None,
                guid: None,
            },
            is_defaults: false,
            used: None,
            id: None,
            default_backend: None,
            use_backends: Vec::new(),
            default_server: ServerOptions::default(),
            balance_given: false,
            dispatch: None,
            servers: Vec::new(),
            log_line_place: None,
            answer_lines: Vec::new(),
            log_format: None,
            log_format_sd: None,
            error_log_format: None,
            unique_id_format: None,
            timeouts_seen: Vec::new(),
            http_options: Vec::new(),
        }
    }

    /// A section that begins with the values of `parent`.
    pub fn inherit(parent: &ProxyDraft, kind: Kind, name: &str, place: Place) -> Self {
        let mut draft = parent.clone();
        draft.settings.kind = kind;
        draft.settings.name = name.to_owned();
        draft.settings.place = place;
        draft.is_defaults = false;
        draft.used = None;
        draft.timeouts_seen.clear();
        if kind == Kind::Backend {
            draft.default_backend = None;
        }
        draft
    }

    /// The section as a set of one.
    pub fn section(&self) -> Sections {
        if self.is_defaults {
            return Sections::DEFAULTS;
        }
        match self.settings.kind {
            Kind::Frontend => Sections::FRONTEND,
            Kind::Backend => Sections::BACKEND,
            Kind::Listen => Sections::LISTEN,
        }
    }

    /// `frontend 'x'`, as messages name a proxy; a `listen` is called a proxy, as in the reference.
    pub fn title(&self) -> String {
        title(&self.settings)
    }
}

/// What messages call a proxy of that kind.
pub fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Listen => "proxy",
        other => other.word(),
    }
}

/// See [`ProxyDraft::title`].
pub fn title(proxy: &Proxy) -> String {
    format!("{} '{}'", called(proxy.kind), proxy.name)
}

/// A `server` line.
#[derive(Clone, Debug)]
pub struct ServerDraft {
    /// Where it stands.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its address; a host name is not resolved yet.
    pub address: Address,
    /// `default-server` values and its own.
    pub options: ServerOptions,
}
