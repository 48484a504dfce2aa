//! What one process says to another about listening sockets that it hands over: the text of the exchange behind
//! `_getsocks`. docs/RELOAD.md has the whole of it. No I/O here.
//!
//! Each message carries up to [`SOCKETS_PER_MESSAGE`] descriptors and, in their order, a label for each: what the
//! socket cannot be asked for.

/// What the client sends.
pub const COMMAND: &[u8] = b"_getsocks\n";
/// Sockets that go with one message.
pub const SOCKETS_PER_MESSAGE: usize = 252;
/// Bytes of the number of sockets, and of an acknowledgement: an integer in the byte order of the machine.
pub const COUNT_LEN: usize = 4;
/// Bytes at the end of a label that mean nothing.
const RESERVED_LEN: usize = 4;

/// What goes with one socket.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Label {
    /// The network namespace it was made in, by name.
    pub namespace: Option<Box<str>>,
    /// The network interface it is bound to.
    pub interface: Option<Box<str>>,
}

/// A name that is not text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotText;

impl Label {
    /// Appends the label. A name of more than 255 bytes, which no kernel has, is left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for name in [&self.namespace, &self.interface] {
            let name = name.as_deref().unwrap_or_default();
            let (len, name) = u8::try_from(name.len()).map_or((0, ""), |len| (len, name));
            out.push(len);
            out.extend_from_slice(name.as_bytes());
        }
        out.extend_from_slice(&[0; RESERVED_LEN]);
    }

    /// Takes a label off the front of `bytes`, which is left alone when it has no whole one.
    ///
    /// # Errors
    /// A name is not UTF-8.
    pub fn decode(bytes: &mut &[u8]) -> Result<Option<Label>, NotText> {
        let mut rest = *bytes;
        let (Some(namespace), Some(interface)) = (name(&mut rest)?, name(&mut rest)?) else {
            return Ok(None);
        };
        let Some((_, after)) = rest.split_at_checked(RESERVED_LEN) else { return Ok(None) };
        *bytes = after;
        let filled = |name: &str| (!name.is_empty()).then(|| name.into());
        Ok(Some(Label { namespace: filled(namespace), interface: filled(interface) }))
    }
}

/// Takes a length and so many bytes.
fn name<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a str>, NotText> {
    let Some((len, rest)) = bytes.split_first() else { return Ok(None) };
    let Some((name, rest)) = rest.split_at_checked(usize::from(*len)) else { return Ok(None) };
    *bytes = rest;
    std::str::from_utf8(name).map(Some).map_err(|_| NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(namespace: &str, interface: &str) -> Label {
        let filled = |name: &str| (!name.is_empty()).then(|| name.into());
        Label { namespace: filled(namespace), interface: filled(interface) }
    }

    #[test]
    fn labels_are_written_as_the_reference_writes_them() {
        let mut out = Vec::new();
        label("", "").encode(&mut out);
        label("blue", "lo").encode(&mut out);
        assert_eq!(out, b"\0\0\0\0\0\0\x04blue\x02lo\0\0\0\0");
    }

    #[test]
    fn labels_come_back_one_by_one_and_whole() {
        let all = [label("", ""), label("blue", ""), label("", "eth0"), label(&"n".repeat(255), "e")];
        let mut bytes = Vec::new();
        all.iter().for_each(|one| one.encode(&mut bytes));
        let mut rest = &bytes[..];
        for one in &all {
            assert_eq!(Label::decode(&mut rest), Ok(Some(one.clone())));
        }
        assert_eq!((Label::decode(&mut rest), rest.len()), (Ok(None), 0));
        for len in 0..6 {
            let mut cut = &bytes[..len];
            assert_eq!((Label::decode(&mut cut), cut.len()), (Ok(None), len));
        }
    }

    #[test]
    fn names_that_cannot_be_are_refused_or_left_out() {
        assert_eq!(Label::decode(&mut &b"\x01\xff\0\0\0\0\0"[..]), Err(NotText));
        let mut out = Vec::new();
        label(&"n".repeat(256), "").encode(&mut out);
        assert_eq!(out, [0; 6]);
    }
}
