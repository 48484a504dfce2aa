//! HTTP/1 as a forwarding proxy needs it. Nothing here does I/O or allocates per message.
//!
//! - `head` finds the parts of a head and leaves the bytes where they are: order and case are kept.
//! - `framing` says what the head means: how long the body is, whether the connection lives on.
//! - `edit` changes a head in place where forwarding asks for it, and says so at once where it does not.
//! - `chunked` walks a chunked body and says how many bytes may be forwarded as they are.
//! - `reply` holds the answers that the proxy gives by itself.
//!
//! # Source
//! RFC 9110, RFC 9112; haproxy's configuration.txt chapter 1.2 to 1.3.

mod error;
mod fields;
mod head;

pub use error::{HeadError, Wrong};
pub use fields::{Fields, HeaderField, Known, Limits, Range16, is_token};
pub use head::{Method, Parsed, RequestHead, ResponseHead, Version};
