//! What the kernel says of a connection's state: `TCP_INFO`, `MPTCP_INFO`.
//!
//! The kernel's structures grow at the end. They are read as bytes by offset, and what the running
//! kernel did not write reads as 0.

use super::sockopt::get_bytes;
use std::io;
use std::os::fd::BorrowedFd;

/// `SOL_MPTCP` and its `MPTCP_INFO` (Linux 5.16).
const SOL_MPTCP: i32 = 284;
const MPTCP_INFO: i32 = 1;

/// Bytes with the length that counts.
struct Fields<const N: usize> {
    bytes: [u8; N],
}

impl<const N: usize> Fields<N> {
    fn read(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<Self> {
        let mut bytes = [0; N];
        get_bytes(fd, level, name, &mut bytes)?;
        Ok(Fields { bytes })
    }

    fn u32_at(&self, at: usize) -> u32 {
        let mut out = [0; 4];
        out.copy_from_slice(&self.bytes[at..at + 4]);
        u32::from_ne_bytes(out)
    }

    fn u64_at(&self, at: usize) -> u64 {
        let mut out = [0; 8];
        out.copy_from_slice(&self.bytes[at..at + 8]);
        u64::from_ne_bytes(out)
    }
}

/// From `TCP_INFO` (man 7 tcp); of an MPTCP connection it describes the first subflow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TcpInfo {
    /// State, 1 is established, 7 closed.
    pub state: u8,
    /// Smoothed round trip time in microseconds.
    pub rtt_us: u32,
    /// Its variation in microseconds.
    pub rttvar_us: u32,
    /// Segments in flight.
    pub unacked: u32,
    /// Segments thought lost.
    pub lost: u32,
    /// Segments being retransmitted.
    pub retrans: u32,
    /// Retransmitted segments since the start.
    pub total_retrans: u32,
    /// Segments thought reordered.
    pub reordering: u32,
    /// Forward acknowledgements (0 on newer kernels).
    pub fackets: u32,
    /// Selectively acknowledged segments.
    pub sacked: u32,
    /// Congestion window in segments.
    pub snd_cwnd: u32,
}

/// Reads `TCP_INFO`.
pub fn tcp_info(fd: BorrowedFd<'_>) -> io::Result<TcpInfo> {
    let f = Fields::<104>::read(fd, libc::IPPROTO_TCP, libc::TCP_INFO)?;
    Ok(TcpInfo {
        state: f.bytes[0],
        unacked: f.u32_at(24),
        sacked: f.u32_at(28),
        lost: f.u32_at(32),
        retrans: f.u32_at(36),
        fackets: f.u32_at(40),
        rtt_us: f.u32_at(68),
        rttvar_us: f.u32_at(72),
        snd_cwnd: f.u32_at(80),
        reordering: f.u32_at(88),
        total_retrans: f.u32_at(100),
    })
}

/// From `MPTCP_INFO` (include/uapi/linux/mptcp.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MptcpInfo {
    /// Subflows beyond the first.
    pub subflows_extra: u8,
    /// Limit of extra subflows.
    pub subflows_max: u8,
    /// Addresses announced to the peer.
    pub add_addr_signal: u8,
    /// Addresses accepted from the peer.
    pub add_addr_accepted: u8,
    /// Bit 0: fell back to TCP; bit 1: the peer's key is known.
    pub flags: u32,
    /// The token that joins and path events carry.
    pub token: u32,
    /// Retransmissions at the MPTCP level.
    pub retransmits: u32,
    /// Bytes retransmitted (Linux 6.5).
    pub bytes_retrans: u64,
    /// Bytes sent (Linux 6.5).
    pub bytes_sent: u64,
    /// Bytes received (Linux 6.5).
    pub bytes_received: u64,
    /// All living subflows (Linux 6.8; 0 before): 0 on a newer kernel means a stranded connection.
    pub subflows_total: u8,
    /// Whether this kernel reports `subflows_total`.
    pub has_subflows_total: bool,
}

impl MptcpInfo {
    /// Whether the connection fell back to TCP.
    pub fn fell_back(&self) -> bool {
        self.flags & 1 != 0
    }
}

/// Reads `MPTCP_INFO`.
///
/// # Errors
/// `EOPNOTSUPP` or `ENOPROTOOPT` when the connection is TCP or fell back, or on Linux before 5.16.
pub fn mptcp_info(fd: BorrowedFd<'_>) -> io::Result<MptcpInfo> {
    let mut bytes = [0; 96];
    let len = get_bytes(fd, SOL_MPTCP, MPTCP_INFO, &mut bytes)?;
    let f = Fields { bytes };
    Ok(MptcpInfo {
        subflows_extra: f.bytes[0],
        add_addr_signal: f.bytes[1],
        add_addr_accepted: f.bytes[2],
        subflows_max: f.bytes[3],
        flags: f.u32_at(8),
        token: f.u32_at(12),
        retransmits: f.u32_at(44),
        bytes_retrans: f.u64_at(48),
        bytes_sent: f.u64_at(56),
        bytes_received: f.u64_at(64),
        subflows_total: f.bytes[80],
        has_subflows_total: len > 80,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{addr::SockAddr, socket, sockopt};
    use std::os::fd::AsFd;

    #[test]
    fn both_ends_of_an_mptcp_connection_know_its_token() {
        let Ok(listener) = socket::stream(libc::AF_INET, socket::IPPROTO_MPTCP) else {
            return eprintln!("SKIPPED: no MPTCP in this kernel");
        };
        socket::bind(listener.as_fd(), &SockAddr::Inet("127.0.0.1:0".parse().unwrap())).unwrap();
        socket::listen(listener.as_fd(), 5).unwrap();
        let to = socket::local_addr(listener.as_fd()).unwrap();
        let client = socket::stream(libc::AF_INET, socket::IPPROTO_MPTCP).unwrap();
        socket::connect(client.as_fd(), &to).unwrap();
        let (server, _) = socket::accept(listener.as_fd()).unwrap();
        assert!(sockopt::is_mptcp(server.as_fd()) && sockopt::is_mptcp(client.as_fd()));
        let info = mptcp_info(server.as_fd()).unwrap();
        assert!(!info.fell_back());
        assert_ne!(info.token, 0);
        assert_eq!(tcp_info(server.as_fd()).unwrap().state, 1);
    }

    #[test]
    fn a_tcp_connection_has_no_mptcp_info() {
        let tcp = socket::stream(libc::AF_INET, libc::IPPROTO_TCP).unwrap();
        assert!(mptcp_info(tcp.as_fd()).is_err());
    }
}
