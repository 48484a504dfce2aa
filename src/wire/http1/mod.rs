//! HTTP/1 as a forwarding proxy needs it. Nothing here does I/O or allocates per message.
//!
//! - `head` finds the parts of a head and leaves the bytes where they are: order and case are kept.
//! - `framing` says what the head means: how long the body is, whether the connection lives on.
//! - `plain` rewrites a head that only a lenient reader takes: bare LF, folded values, odd spacing.
//! - `forward` decides what else forwarding must change; most heads need nothing.
//! - `cookies` finds the pairs of cookie headers.
//! - `case` changes the case of header names.
//! - `edit` applies such changes, and those of rules, in place.
//! - `chunked` walks a chunked body and says how many bytes may be forwarded as they are.
//! - `reply` holds the answers that the proxy gives by itself, `canned` those that the operator wrote.
//!
//! # Source
//! RFC 9110, RFC 9112; haproxy's configuration.txt chapter 1.2 to 1.3.

//!
//! # The order of calls
//! `RequestHead::parse` until `Complete`; `make_plain` unless `is_plain`; `RequestFraming::of`; rules, with their
//! own edits; `request_edits`; `Edits::apply` unless `is_empty`; then the body as `Body` says. Responses likewise.

mod canned;
mod case;
mod chunked;
mod cookies;
mod edit;
mod error;
mod fields;
mod forward;
mod framing;
mod head;
mod plain;
mod reply;
mod target;
mod values;
mod words;

pub use canned::{Canned, CannedError};
pub use case::{BadCase, HeaderCases};
pub use chunked::{ChunkLimits, ChunkParser, Walk};
pub use cookies::{Pair, pairs, set_cookie};
pub use edit::{Applied, Edits, NoRoom};
pub use error::{HeadError, Wrong};
pub use fields::{Fields, HeaderField, Known, Limits, Range16, is_token};
pub use forward::{Link, request_edits, response_edits, target_change};
pub use framing::{Asked, Body, Leniency, Mend, RequestFraming, ResponseFraming};
pub use head::{Method, Parsed, RequestHead, ResponseHead, Version};
pub use plain::{make_plain_request, make_plain_response};
pub use reply::{Builtin, builtin, builtins, compose, write_redirect};
pub use target::{Target, TargetForm};
pub use values::{Connection, elements, has_token, trim};

#[cfg(test)]
mod tests;
