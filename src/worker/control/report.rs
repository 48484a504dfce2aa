//! What a worker tells.

use super::{MESSAGE_LEN_MAX, Message, SOCKETS_PER_MESSAGE, cut};
use crate::net::receiver::Receiver;
use crate::sys::addr::SockAddr;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// A listening socket, with what it does not tell of itself.
#[derive(Debug)]
pub struct BoundSocket {
    /// The socket.
    pub fd: OwnedFd,
    /// The network namespace that its line names.
    pub namespace: Option<String>,
    /// Where in the file system a unix socket is.
    pub path: Option<PathBuf>,
}

impl BoundSocket {
    /// A copy of a receiver's.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn of(receiver: &Receiver) -> io::Result<BoundSocket> {
        Ok(BoundSocket {
            fd: receiver.fd.try_clone()?,
            namespace: receiver.namespace.as_deref().map(str::to_owned),
            path: match &receiver.addr {
                SockAddr::Unix(path) => Some(path.to_path_buf()),
                SockAddr::Inet(_) | SockAddr::Abstract(_) | SockAddr::Unnamed => None,
            },
        })
    }
}

/// One report. The text is the variant's word and its values, with blanks between.
#[derive(Debug)]
pub enum Report {
    /// A message of the start.
    Log(String),
    /// Its version.
    Version(String),
    /// Some of the sockets that it listens on.
    Bound(Vec<BoundSocket>),
    /// All sockets were told of, and nothing can fail any more: waits for [`Order::Go`](super::Order::Go).
    BoundAll,
    /// The socket with this number gave way to this one, and is to be forgotten.
    Replaced(u64, BoundSocket),
    /// It accepts.
    Ready,
    /// The state that was asked for.
    State(OwnedFd),
    /// How far finishing is: connections left, and the age of the oldest in seconds.
    Draining(u64, u64),
    /// What was counted since the export; it ends now.
    Rest(OwnedFd),
}

impl Report {
    /// As it goes over the channel.
    pub fn encode(self) -> Message {
        let plain = |text: &str| (text.to_owned(), Vec::new());
        match self {
            Report::Log(text) => plain(&format!("log {}", cut(&text, MESSAGE_LEN_MAX - 4))),
            Report::Version(text) => plain(&format!("version {text}")),
            Report::Bound(sockets) => {
                debug_assert!(sockets.len() <= SOCKETS_PER_MESSAGE);
                let mut text = String::from("bound");
                for socket in &sockets {
                    text.push('\n');
                    text.push_str(&describe(socket));
                }
                (text, sockets.into_iter().map(|socket| socket.fd).collect())
            }
            Report::BoundAll => plain("bound-all"),
            Report::Replaced(number, socket) => {
                (format!("replaced {number} {}", describe(&socket)), vec![socket.fd])
            }
            Report::Ready => plain("ready"),
            Report::State(state) => ("state".into(), vec![state]),
            Report::Draining(conns, oldest_s) => plain(&format!("draining {conns} {oldest_s}")),
            Report::Rest(state) => ("rest".into(), vec![state]),
        }
    }

    /// Reads a report; `None` for one that this version does not know.
    pub fn decode((text, fds): Message) -> Option<Report> {
        let (word, rest) = text.split_once([' ', '\n']).unwrap_or((&text, ""));
        let mut fds = fds.into_iter();
        match word {
            "log" => Some(Report::Log(rest.to_owned())),
            "version" => Some(Report::Version(rest.to_owned())),
            "bound" => {
                let sockets = fds.zip(rest.split('\n'));
                Some(Report::Bound(sockets.filter_map(|(fd, line)| understand(fd, line)).collect()))
            }
            "bound-all" => Some(Report::BoundAll),
            "replaced" => {
                let (number, line) = rest.split_once(' ')?;
                Some(Report::Replaced(number.parse().ok()?, understand(fds.next()?, line)?))
            }
            "ready" => Some(Report::Ready),
            "state" => fds.next().map(Report::State),
            "draining" => {
                let (conns, oldest_s) = rest.split_once(' ')?;
                Some(Report::Draining(conns.parse().ok()?, oldest_s.parse().ok()?))
            }
            "rest" => fds.next().map(Report::Rest),
            _ => None,
        }
    }
}

/// What a socket does not tell of itself, on one line: namespace and path, in hexadecimal, `-` for none.
pub fn describe(socket: &BoundSocket) -> String {
    let hex = |bytes: Option<&[u8]>| match bytes {
        None => "-".to_owned(),
        Some(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let path = socket.path.as_ref().map(|path| path.as_os_str().as_bytes());
    format!("{} {}", hex(socket.namespace.as_deref().map(str::as_bytes)), hex(path))
}

/// Reads what [`describe`] wrote.
pub fn understand(fd: OwnedFd, line: &str) -> Option<BoundSocket> {
    let bytes = |word: &str| -> Option<Option<Vec<u8>>> {
        if word == "-" {
            return Some(None);
        }
        let pairs = word.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        pairs.map(byte).collect::<Option<Vec<u8>>>().map(Some)
    };
    let (namespace, path) = line.split_once(' ')?;
    let namespace = match bytes(namespace)? {
        None => None,
        Some(bytes) => Some(String::from_utf8(bytes).ok()?),
    };
    Some(BoundSocket { fd, namespace, path: bytes(path)?.map(|bytes| OsString::from_vec(bytes).into()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fd() -> OwnedFd {
        std::fs::File::open("/dev/null").unwrap().into()
    }

    fn again(report: Report) -> Report {
        Report::decode(report.encode()).unwrap()
    }

    #[test]
    fn reports_arrive_as_they_were_made() {
        assert!(matches!(again(Report::Log("two\nlines".into())), Report::Log(text) if text == "two\nlines"));
        assert!(matches!(again(Report::Version("9.9".into())), Report::Version(text) if text == "9.9"));
        assert!(matches!(again(Report::BoundAll), Report::BoundAll));
        assert!(matches!(again(Report::Ready), Report::Ready));
        assert!(matches!(again(Report::Draining(3, 70)), Report::Draining(3, 70)));
        assert!(matches!(again(Report::Rest(fd())), Report::Rest(_)));
        let sockets = vec![
            BoundSocket { fd: fd(), namespace: Some("blue".into()), path: None },
            BoundSocket { fd: fd(), namespace: None, path: Some("/run/a b\n".into()) },
        ];
        let Report::Bound(came) = again(Report::Bound(sockets)) else { panic!("another report") };
        assert_eq!((came[0].namespace.as_deref(), &came[0].path), (Some("blue"), &None));
        assert_eq!(came[1].path.as_deref(), Some(std::path::Path::new("/run/a b\n")));
        assert!(matches!(again(Report::Bound(Vec::new())), Report::Bound(none) if none.is_empty()));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let (text, _) = Report::Log("é".repeat(MESSAGE_LEN_MAX)).encode();
        assert!(text.len() <= MESSAGE_LEN_MAX && text.ends_with('é'));
    }

    #[test]
    fn what_is_not_known_or_not_whole_is_left_out() {
        for text in ["", "hello", "draining 1", "draining x y", "state", "rest"] {
            assert!(Report::decode((text.into(), Vec::new())).is_none(), "{text}");
        }
        let odd = Report::decode(("bound\nzz -".into(), vec![fd()])).unwrap();
        assert!(matches!(odd, Report::Bound(none) if none.is_empty()));
    }
}
