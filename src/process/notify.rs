//! Telling the service manager how the service is doing (`-Ws`).
//!
//! A datagram of lines goes to the socket that `NOTIFY_SOCKET` names. Only the supervisor sends: its pid is the service's.
//! Nothing here waits or fails: a manager that does not listen is no reason not to serve.
//!
//! # Source
//! man 3 sd_notify; management.txt 3 `-Ws`.

use crate::sys::addr::SockAddr;
use crate::sys::{child, io, socket, time};
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The variable. It is removed from the environment: no other process is to speak for the service.
const VARIABLE: &str = "NOTIFY_SOCKET";

/// Whom to tell. The default tells nobody.
#[derive(Clone, Debug, Default)]
pub struct Notifier(Option<SockAddr>);

impl Notifier {
    /// Tells the manager that the environment names, if there is one. For the start of the program only.
    pub fn take() -> Notifier {
        child::take_variable(VARIABLE).map(|value| Notifier::to(&value)).unwrap_or_default()
    }

    /// Tells who is at this path, or at this abstract name behind `@`.
    fn to(value: &OsStr) -> Notifier {
        match value.as_bytes() {
            [b'@', name @ ..] => Notifier(Some(SockAddr::abstract_exact(name))),
            [b'/', ..] => Notifier(Some(SockAddr::Unix(Path::new(value).into()))),
            _ => {
                let value: OsString = value.into();
                log::warn!(
                    "{VARIABLE} is neither a path nor an abstract name, nobody is notified: {value:?}"
                );
                Notifier(None)
            }
        }
    }

    /// The service accepts, and `pid` is its main process.
    pub fn ready(&self, pid: u32, status: &str) {
        self.send(&format!("READY=1\nMAINPID={pid}\nSTATUS={}", one_line(status)));
    }

    /// The service reads its configuration again. It is over when it is [`ready`](Self::ready), be it with the old one.
    pub fn reloading(&self) {
        let now_us = time::monotonic_us();
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={now_us}\nSTATUS=Reloading Configuration."));
    }

    /// The service ends.
    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=Stopping.");
    }

    /// A line for `systemctl status`.
    pub fn status(&self, text: &str) {
        self.send(&format!("STATUS={}", one_line(text)));
    }

    fn send(&self, lines: &str) {
        let Some(to) = &self.0 else { return };
        let sent = socket::datagram(libc::AF_UNIX).and_then(|fd| {
            socket::connect(fd.as_fd(), to)?;
            io::send(fd.as_fd(), lines.as_bytes(), false)
        });
        if let Err(error) = sent {
            log::warn!("the service manager at {to} was not notified: {error}");
        }
    }
}

/// A line feed would begin another field.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    use std::time::Duration;

    fn heard(manager: &UnixDatagram) -> String {
        let mut room = [0; 512];
        manager.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let len = manager.recv(&mut room).unwrap();
        String::from_utf8_lossy(&room[..len]).into_owned()
    }

    #[test]
    fn a_manager_at_a_path_hears_the_life_of_the_service() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::to(path.as_os_str());
        notifier.ready(42, "Ready.");
        assert_eq!(heard(&manager), "READY=1\nMAINPID=42\nSTATUS=Ready.");
        let before = time::monotonic_us();
        notifier.reloading();
        let text = heard(&manager);
        let us =
            text.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|t| t.split_once('\n')).unwrap().0;
        assert!((before..=time::monotonic_us()).contains(&us.parse().unwrap()), "{text}");
        notifier.status("two\nlines\r");
        assert_eq!(heard(&manager), "STATUS=two lines ");
        notifier.stopping();
        assert_eq!(heard(&manager), "STOPPING=1\nSTATUS=Stopping.");
    }

    #[test]
    fn a_manager_at_an_abstract_name_hears_too() {
        let name = format!("subflow-notify-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Notifier::to(OsStr::new(&format!("@{name}"))).status("here");
        assert_eq!(heard(&manager), "STATUS=here");
    }

    #[test]
    fn nobody_there_and_a_full_queue_do_not_hold_the_service_up() {
        Notifier::default().ready(1, "");
        Notifier::to(OsStr::new("vsock:2:1")).stopping();
        Notifier::to(OsStr::new("/nonexistent/notify")).stopping();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let deaf = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::to(path.as_os_str());
        // More than the queue holds: a blocking send would never come back.
        (0..5000).for_each(|_| notifier.status("full"));
        assert_eq!(heard(&deaf), "STATUS=full");
    }
}
