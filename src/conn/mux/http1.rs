//! The HTTP/1 mux: judges the bodies of messages while they flow.

use super::Unit;
use crate::channel::{Channel, UNLIMITED};
use crate::wire::http1::{self, ChunkLimits, ChunkParser, HeadError};

/// Judges one message body.
#[derive(Debug)]
pub enum BodyReader {
    /// Everything was judged: the body is over when the budget is spent.
    Judged,
    /// Chunks: frame headers are read, chunk data is let through unseen.
    Chunked(ChunkParser),
    /// Until the source ends.
    UntilEnd,
}

impl BodyReader {
    /// Starts on a body; `channel` has been allowed the head already.
    pub fn begin(body: http1::Body, channel: &mut Channel) -> Self {
        match body {
            http1::Body::None => BodyReader::Judged,
            http1::Body::Length(n) => {
                channel.allow(n);
                BodyReader::Judged
            }
            http1::Body::Chunked => BodyReader::Chunked(ChunkParser::default()),
            http1::Body::UntilClose | http1::Body::Tunnel => {
                channel.budget = UNLIMITED;
                BodyReader::UntilEnd
            }
        }
    }

    /// Judges what waits in `channel`.
    ///
    /// # Errors
    /// The chunk framing is broken (RFC 9112 section 7.1).
    pub fn judge(&mut self, channel: &mut Channel) -> Result<Unit, HeadError> {
        let parser = match self {
            BodyReader::Judged => return Ok(if channel.budget == 0 { Unit::Done } else { Unit::Data }),
            BodyReader::UntilEnd => return Ok(Unit::Data),
            BodyReader::Chunked(parser) => parser,
        };
        loop {
            let Some(at) = channel.unjudged() else { return Ok(Unit::Data) };
            let walk = match &channel.buffer {
                Some(buffer) => parser.walk(&buffer.data()[at..], &ChunkLimits::default())?,
                None => return Ok(Unit::Data),
            };
            parser.skip_data(walk.data_left);
            channel.allow(walk.forward as u64 + walk.data_left);
            if walk.done {
                *self = BodyReader::Judged;
                return Ok(if channel.budget == 0 { Unit::Done } else { Unit::Data });
            }
            if walk.data_left == 0 {
                return Ok(Unit::Data);
            }
        }
    }

    /// Whether the end of the source ends the body properly.
    pub fn ends_with_source(&self) -> bool {
        matches!(self, BodyReader::UntilEnd)
    }
}
