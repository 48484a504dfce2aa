//! The byte path: from one connection to the other through a channel.
//!
//! Small transfers go through a pooled buffer with recv(2) and send(2). When a read fills the buffer the
//! channel turns to bulk: bytes go through a pooled pipe with splice(2) and are never seen. Splice pays where the
//! reader is plain TCP; an MPTCP reader is copied by the kernel anyway, so it stays with recv and send.

use super::env::Pools;
use crate::channel::{Channel, UNLIMITED};
use crate::conn::Connection;
use crate::conn::mux::{Body, Unit};
use crate::conn::transport::raw::{self, Read, SpliceIn, Write};
use crate::event::readiness::Readiness;
use crate::net::protocol::Protocol;
use crate::wire::http1::{HeadError, Wrong};
use std::io;

/// Bytes one direction of one stream may move in a turn before the others get theirs.
pub const BYTES_PER_TURN: usize = 4 << 20;
/// Below this many bytes left in the budget a splice is not worth its two calls.
const SPLICE_LEN_MIN: u64 = 16 << 10;
/// A splice that moved less than this was small.
const SPLICE_SMALL: usize = 4 << 10;
/// Small splices in a row after which the channel copies again.
const SMALL_SPLICES_MAX: u8 = 4;

/// Whether a direction may splice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splice {
    /// Never.
    Never,
    /// When reads fill the buffer.
    Bulk,
    /// From the first byte (`option splice-request`, `option splice-response`).
    Always,
}

/// Where a direction stands after a pump.
#[derive(Debug)]
pub enum Pumped {
    /// Waiting for an event on either connection.
    Idle,
    /// The message is complete, or the source ended where it may: all of it was delivered.
    Done,
    /// The turn's budget is spent.
    Again,
    /// The source ended inside a message; what came was delivered.
    Truncated,
    /// Reading failed.
    SourceFailed(io::Error),
    /// Writing failed.
    SinkFailed(io::Error),
    /// The bytes break the protocol.
    Malformed(HeadError),
}

enum Drained {
    Empty(usize),
    Blocked(usize),
    Failed(io::Error),
}

/// Moves what can be moved from `src` to `dst`.
pub fn pump(
    ch: &mut Channel,
    body: &mut Body,
    src: &mut Connection,
    dst: &mut Connection,
    pools: &mut Pools,
    splice: Splice,
    now_ms: u64,
) -> Pumped {
    let mut moved = 0usize;
    let end = loop {
        let unit = match body.judge(ch) {
            Ok(unit) => unit,
            Err(e) => break Pumped::Malformed(e),
        };
        match drain(ch, dst) {
            Drained::Empty(n) => moved += n,
            Drained::Blocked(n) => {
                moved += n;
                break Pumped::Idle;
            }
            Drained::Failed(e) => break Pumped::SinkFailed(e),
        }
        if unit == Unit::Done || (ch.budget == 0 && body_is_over(body, ch)) {
            break Pumped::Done;
        }
        if ch.source_ended {
            break if body.ends_with_source() { Pumped::Done } else { Pumped::Truncated };
        }
        if moved >= BYTES_PER_TURN {
            break Pumped::Again;
        }
        match take_in(ch, src, pools, splice) {
            TakenIn::Some => src.note_read(now_ms),
            TakenIn::End => ch.source_ended = true,
            TakenIn::Nothing => break Pumped::Idle,
            TakenIn::NoRoom => break Pumped::Malformed(HeadError::new(Wrong::ChunkExtension, 0)),
            TakenIn::Failed(e) => break Pumped::SourceFailed(e),
        }
    };
    if moved > 0 {
        dst.last_activity_ms = now_ms;
    }
    ch.release_idle(&mut pools.buffers, &mut pools.pipes);
    end
}

/// A body whose last allowed byte has just been sent needs no further look at the source.
#[inline]
fn body_is_over(body: &mut Body, ch: &mut Channel) -> bool {
    matches!(body.judge(ch), Ok(Unit::Done))
}

/// Sends what may be sent.
fn drain(ch: &mut Channel, dst: &mut Connection) -> Drained {
    let mut moved = 0;
    loop {
        let sendable = ch.sendable();
        if sendable == 0 {
            return Drained::Empty(moved);
        }
        let wrote = match (&ch.pipe, &mut ch.buffer) {
            (Some(pipe), _) if ch.piped > 0 => raw::splice_out(dst, pipe, ch.piped),
            (_, Some(buffer)) => raw::write(dst, &buffer.data()[..sendable], false),
            _ => return Drained::Empty(moved),
        };
        match wrote {
            Write::Bytes(n) => {
                if ch.piped > 0 {
                    ch.piped -= n;
                } else if let Some(buffer) = &mut ch.buffer {
                    buffer.consume(n);
                }
                ch.sent(n);
                moved += n;
            }
            Write::Blocked => return Drained::Blocked(moved),
            Write::Failed(e) => return Drained::Failed(e),
        }
    }
}

enum TakenIn {
    Some,
    Nothing,
    /// A line that cannot be judged before its end fills the buffer.
    NoRoom,
    End,
    Failed(io::Error),
}

/// Takes bytes from the source into the pipe or the buffer.
fn take_in(ch: &mut Channel, src: &mut Connection, pools: &mut Pools, splice: Splice) -> TakenIn {
    if !src.ready.contains(Readiness::READABLE) && !src.at_end {
        return TakenIn::Nothing;
    }
    if wants_splice(ch, src, splice, pools.splices_mptcp) {
        if ch.pipe.is_none() {
            ch.pipe = pools.pipes.take();
        }
        if ch.pipe.is_some() {
            return take_in_pipe(ch, src);
        }
    }
    take_in_buffer(ch, src, pools)
}

#[inline]
fn wants_splice(ch: &Channel, src: &mut Connection, splice: Splice, from_mptcp: bool) -> bool {
    let asked = match splice {
        Splice::Never => false,
        Splice::Bulk => ch.bulk,
        Splice::Always => true,
    };
    asked
        && ch.budget >= SPLICE_LEN_MIN
        && ch.buffer.as_ref().is_none_or(|b| b.is_empty())
        && !src.no_splice
        // splice(2) does not get past an urgent byte (and cannot say so); recv(2) does.
        && !src.ready.contains(Readiness::PRIORITY)
        && (from_mptcp || src.negotiated() != Protocol::Mptcp)
}

fn take_in_pipe(ch: &mut Channel, src: &mut Connection) -> TakenIn {
    let Some(pipe) = &ch.pipe else { return TakenIn::Nothing };
    let want = ch.budget.min(pipe.capacity as u64) as usize;
    match raw::splice_in(src, pipe, ch.piped, want) {
        SpliceIn::Bytes(n) => {
            ch.piped += n;
            if n < SPLICE_SMALL {
                ch.small_splices += 1;
                if ch.small_splices >= SMALL_SPLICES_MAX {
                    (ch.bulk, ch.small_splices) = (false, 0);
                }
            } else {
                ch.small_splices = 0;
            }
            TakenIn::Some
        }
        SpliceIn::Blocked | SpliceIn::Full => TakenIn::Nothing,
        // The next look copies: the connection remembers.
        SpliceIn::Refused => TakenIn::Some,
        SpliceIn::End => TakenIn::End,
        SpliceIn::Failed(e) => TakenIn::Failed(e),
    }
}

#[inline]
fn take_in_buffer(ch: &mut Channel, src: &mut Connection, pools: &mut Pools) -> TakenIn {
    let buffer = ch.buffer.get_or_insert_with(|| pools.buffers.take());
    // What waits here is the beginning of a line that cannot be judged yet: a few bytes. Without this
    // a line that the end of the buffer cuts in two would never get its second half.
    buffer.compact();
    let left = buffer.room_left();
    if left == 0 {
        return TakenIn::NoRoom;
    }
    // Behind a body of known length comes the next message: its head is read where heads are, with room for edits.
    let room = if ch.budget == 0 { left } else { ch.budget.min(left as u64) as usize };
    match raw::read(src, buffer, room) {
        Read::Bytes(n) => {
            ch.bulk = n == left && (ch.budget == UNLIMITED || ch.budget >= SPLICE_LEN_MIN);
            TakenIn::Some
        }
        Read::Blocked => TakenIn::Nothing,
        Read::End => TakenIn::End,
        Read::Failed(e) => TakenIn::Failed(e),
    }
}

#[cfg(test)]
mod tests;
