//! Muxes: what the bytes of a connection mean to the stream above it.
//!
//! A mux turns bytes into units: a head, data, trailers, the end of the message. [`Body`] is the part of a
//! mux that judges the bytes after the head while they flow through a channel.

pub mod http1;
pub mod passthrough;

use crate::channel::Channel;
use crate::wire::http1::HeadError;

/// A step of a message, whatever the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing complete yet: more bytes are needed.
    More,
    /// A whole head stands at the unjudged offset of the buffer.
    Head,
    /// The budget of the channel was raised; bytes flow.
    Data,
    /// Everything of the message was judged and has left the channel.
    Done,
}

/// Judges what follows the head.
#[derive(Debug, Default)]
pub enum Body {
    /// Bytes without meaning to us: TCP mode, an upgraded connection, a CONNECT tunnel.
    #[default]
    Tunnel,
    /// An HTTP/1 message body.
    Http1(http1::BodyReader),
}

impl Body {
    /// Judges the bytes that wait in `channel` and raises its budget.
    ///
    /// # Errors
    /// The body is not what its head announced.
    #[inline]
    pub fn judge(&mut self, channel: &mut Channel) -> Result<Unit, HeadError> {
        match self {
            Body::Tunnel => Ok(passthrough::judge(channel)),
            Body::Http1(reader) => reader.judge(channel),
        }
    }

    /// Whether the end of the source ends the message properly.
    pub fn ends_with_source(&self) -> bool {
        match self {
            Body::Tunnel => true,
            Body::Http1(reader) => reader.ends_with_source(),
        }
    }
}
