//! The rows of `mptcp@`, and why the kernel may refuse an MPTCP socket.

use super::{Alternative, Protocol, Row, SockFamily, inet_stream};
use std::fmt;
use std::io;

/// `mptcp@` and `mptcp4@`.
pub static PROTO_MPTCPV4: Row =
    inet_stream("proto_mptcpv4", SockFamily::V4, Alternative::Mptcp, Protocol::Mptcp, None);
/// `mptcp@` and `mptcp6@`.
pub static PROTO_MPTCPV6: Row =
    inet_stream("proto_mptcpv6", SockFamily::V6, Alternative::Mptcp, Protocol::Mptcp, None);

/// Why a socket of the protocol cannot be made: the meaning of what socket(2) says for
/// `IPPROTO_MPTCP`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// `EINVAL`: Linux before 5.6 does not know the protocol's number.
    OldKernel,
    /// `EPROTONOSUPPORT`: a kernel built without `CONFIG_MPTCP`.
    NotCompiled,
    /// `ENOPROTOOPT`: switched off by the sysctl.
    Disabled,
    /// `EACCES`, `EPERM`: SELinux, seccomp or a BPF program forbids it.
    Forbidden,
    /// Any other error number.
    Other(i32),
}

impl Refusal {
    /// Reads the error of socket(2).
    pub fn of(e: &io::Error) -> Refusal {
        match e.raw_os_error().unwrap_or(0) {
            libc::EINVAL => Refusal::OldKernel,
            libc::EPROTONOSUPPORT => Refusal::NotCompiled,
            libc::ENOPROTOOPT => Refusal::Disabled,
            libc::EACCES | libc::EPERM => Refusal::Forbidden,
            other => Refusal::Other(other),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::OldKernel => f.write_str("the kernel is older than 5.6"),
            Refusal::NotCompiled => f.write_str("the kernel is built without CONFIG_MPTCP"),
            Refusal::Disabled => f.write_str("sysctl net.mptcp.enabled is 0"),
            Refusal::Forbidden => {
                f.write_str("permission denied, look for an SELinux, seccomp or BPF policy")
            }
            Refusal::Other(errno) => f.write_str(nix::errno::Errno::from_raw(*errno).desc()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_number_has_its_meaning() {
        for (errno, words) in [
            (libc::EINVAL, "older than 5.6"),
            (libc::EPROTONOSUPPORT, "CONFIG_MPTCP"),
            (libc::ENOPROTOOPT, "net.mptcp.enabled is 0"),
            (libc::EACCES, "permission"),
            (libc::EPERM, "permission"),
            (libc::ENOBUFS, "buffer"),
        ] {
            let text = Refusal::of(&io::Error::from_raw_os_error(errno)).to_string();
            assert!(text.contains(words), "{errno}: {text}");
        }
    }
}
