//! The raw transport: recv, send and splice with the readiness bits kept true.
//!
//! Edge-triggered polling tells of a change once. A bit is cleared only when the kernel said EAGAIN, or
//! when a read came back short: the queue was empty then, and what arrives later makes a new edge. Two
//! things make a short read prove nothing: a FIN already seen (its edge is spent; read on to the end)
//! and urgent data (reads stop at the mark, man 7 tcp).

use crate::base::buffer::Buffer;
use crate::conn::Connection;
use crate::event::readiness::Readiness;
use crate::sys::io as sys_io;
use crate::sys::pipe::{self, Drained, Pipe, SpliceError, Spliced};
use std::io;
use std::os::fd::AsFd;

/// What became of a read.
#[derive(Debug)]
pub enum Read {
    /// This many bytes, at least one. `Connection::at_end` may be set too.
    Bytes(usize),
    /// Nothing now.
    Blocked,
    /// The peer ended its side.
    End,
    /// The connection broke.
    Failed(io::Error),
}

/// What became of a write.
#[derive(Debug)]
pub enum Write {
    /// This many bytes, at least one.
    Bytes(usize),
    /// No room now.
    Blocked,
    /// The connection broke.
    Failed(io::Error),
}

/// What became of a splice out of the socket.
#[derive(Debug)]
pub enum SpliceIn {
    /// This many bytes are in the pipe.
    Bytes(usize),
    /// The socket has nothing now.
    Blocked,
    /// The pipe takes no more.
    Full,
    /// The peer ended its side.
    End,
    /// This kind of socket cannot be spliced; copy instead.
    Refused,
    /// The connection broke.
    Failed(io::Error),
}

/// Receives into `buffer`, at most `len_max` bytes.
#[inline]
pub fn read(conn: &mut Connection, buffer: &mut Buffer, len_max: usize) -> Read {
    if conn.at_end {
        return Read::End;
    }
    if !conn.ready.contains(Readiness::READABLE) {
        return Read::Blocked;
    }
    let spare = buffer.spare_mut();
    let asked = spare.len().min(len_max);
    if asked == 0 {
        return Read::Blocked;
    }
    match sys_io::recv(conn.fd(), &mut spare[..asked]) {
        Ok(0) => {
            conn.at_end = true;
            Read::End
        }
        Ok(n) => {
            buffer.commit(n);
            if n < asked {
                short_read(conn);
            }
            Read::Bytes(n)
        }
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
            conn.ready.remove(Readiness::READABLE);
            Read::Blocked
        }
        Err(e) if e.kind() == io::ErrorKind::Interrupted => Read::Blocked,
        Err(e) => Read::Failed(e),
    }
}

#[inline]
fn short_read(conn: &mut Connection) {
    if conn.ready.contains(Readiness::READ_CLOSED) {
        if conn.short_read_at_fin_is_end() {
            conn.at_end = true;
        }
    } else if !conn.ready.contains(Readiness::PRIORITY) {
        conn.ready.remove(Readiness::READABLE);
    }
}

/// Sends from `data`.
#[inline]
pub fn write(conn: &mut Connection, data: &[u8], more: bool) -> Write {
    if !conn.ready.contains(Readiness::WRITABLE) {
        return Write::Blocked;
    }
    conn.before_send();
    match sys_io::send(conn.fd(), data, more) {
        Ok(n) => Write::Bytes(n),
        Err(e) => write_failed(conn, e),
    }
}

fn write_failed(conn: &mut Connection, e: io::Error) -> Write {
    match e.kind() {
        io::ErrorKind::WouldBlock => {
            conn.ready.remove(Readiness::WRITABLE);
            Write::Blocked
        }
        io::ErrorKind::Interrupted => Write::Blocked,
        _ => Write::Failed(e),
    }
}

/// Splices out of the socket into `pipe`, which holds `piped` bytes already.
pub fn splice_in(conn: &mut Connection, pipe: &Pipe, piped: usize, len_max: usize) -> SpliceIn {
    if conn.at_end {
        return SpliceIn::End;
    }
    if !conn.ready.contains(Readiness::READABLE) {
        return SpliceIn::Blocked;
    }
    match pipe::splice_in(conn.fd(), pipe.write.as_fd(), len_max, piped > 0) {
        Ok(Spliced::Moved(n)) => SpliceIn::Bytes(n),
        Ok(Spliced::SourceEmpty) => {
            conn.ready.remove(Readiness::READABLE);
            SpliceIn::Blocked
        }
        Ok(Spliced::PipeFull) => SpliceIn::Full,
        Ok(Spliced::Eof) => {
            conn.at_end = true;
            SpliceIn::End
        }
        Err(SpliceError::Refused) => {
            conn.no_splice = true;
            SpliceIn::Refused
        }
        Err(SpliceError::Io(e)) => SpliceIn::Failed(e),
    }
}

/// Splices `piped` bytes out of `pipe` into the socket.
pub fn splice_out(conn: &mut Connection, pipe: &Pipe, piped: usize) -> Write {
    if !conn.ready.contains(Readiness::WRITABLE) {
        return Write::Blocked;
    }
    conn.before_send();
    match pipe::splice_out(pipe.read.as_fd(), conn.fd(), piped, false) {
        Ok(Drained::Moved(n)) => Write::Bytes(n),
        Ok(Drained::SinkFull) => {
            conn.ready.remove(Readiness::WRITABLE);
            Write::Blocked
        }
        // Bytes already in the pipe cannot be copied out of it: the connection is lost.
        Err(SpliceError::Refused) => Write::Failed(io::Error::from_raw_os_error(libc::EINVAL)),
        Err(SpliceError::Io(e)) => Write::Failed(e),
    }
}
