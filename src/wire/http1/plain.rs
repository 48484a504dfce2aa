//! Rewrites a head that only a lenient reader takes into one that every reader takes alike.
//!
//! The reference accepts bare LF, folded values, several blanks in a start line and empty lines before it, and
//! forwards none of them: neither does this proxy. Such heads are rare, so this is the slow way: edit, parse again.

use super::edit::{Edits, NoRoom};
use super::fields::{Fields, Limits, Range16};
use super::head::{Parsed, RequestHead, ResponseHead, Version};

/// Makes a complete request head plain, in `window[..used]` where it was parsed. Returns the bytes used afterwards;
/// `head` is parsed anew. `edits` is left empty.
///
/// # Errors
/// `NoRoom` when the window, or the 65535 bytes of a head, are too short for the added bytes.
pub fn make_plain_request(
    head: &mut RequestHead,
    window: &mut [u8],
    used: usize,
    limits: &Limits,
    edits: &mut Edits,
) -> Result<usize, NoRoom> {
    edits.clear();
    if head.is_plain() {
        return Ok(used);
    }
    if head.odd_start || head.start > 0 {
        let before = Range16 { start: 0, end: head.target.start };
        edits.replace_parts(before, [head.method_range.of(window), b" "]);
        let after = Range16 { start: head.target.end, end: head.version_range.end };
        edits.replace_parts(after, [b" ", version_text(head.version)]);
    }
    lines(&head.fields, window, usize::from(head.start), usize::from(head.head_len), edits);
    let applied = edits.apply(window, used, usize::from(head.head_len));
    edits.clear();
    let used = applied?.used;
    head.clear();
    match head.parse(window.get(..used).unwrap_or(&[]), &widest(limits)) {
        Ok(Parsed::Complete) => Ok(used),
        _ => Err(NoRoom),
    }
}

/// Makes a complete response head plain, as `make_plain_request` does.
///
/// # Errors
/// `NoRoom` when the window, or the 65535 bytes of a head, are too short for the added bytes.
pub fn make_plain_response(
    head: &mut ResponseHead,
    window: &mut [u8],
    used: usize,
    limits: &Limits,
    edits: &mut Edits,
) -> Result<usize, NoRoom> {
    edits.clear();
    if head.is_plain() {
        return Ok(used);
    }
    if head.odd_start || head.start > 0 {
        let before = Range16 { start: 0, end: head.reason.start };
        let version = version_text(head.version);
        edits.replace_parts(before, [version, b" ", head.status_range.of(window), b" "]);
    }
    lines(&head.fields, window, usize::from(head.start), usize::from(head.head_len), edits);
    let applied = edits.apply(window, used, usize::from(head.head_len));
    edits.clear();
    let used = applied?.used;
    head.clear();
    match head.parse(window.get(..used).unwrap_or(&[]), &widest(limits)) {
        Ok(Parsed::Complete) => Ok(used),
        _ => Err(NoRoom),
    }
}

/// A head that was accepted may grow past the limit by its CRs; only the window bounds it then.
fn widest(limits: &Limits) -> Limits {
    Limits { head_len_max: u16::MAX, ..*limits }
}

fn version_text(version: Version) -> &'static [u8] {
    match version {
        Version::V10 => b"HTTP/1.0",
        Version::V11 => b"HTTP/1.1",
    }
}

/// One CR for each bare LF that ends a line; a blank for each byte of a line end within a value.
fn lines(fields: &Fields, bytes: &[u8], start: usize, head_len: usize, edits: &mut Edits) {
    let head = &bytes[start.min(head_len)..head_len];
    for found in memchr::memchr_iter(b'\n', head) {
        let lf = start + found;
        let has_cr = lf > start && bytes[lf - 1] == b'\r';
        let folds = fields.folded
            && lf + 1 < head_len
            && lf + 1 > usize::from(fields.first_line)
            && matches!(bytes[lf + 1], b' ' | b'\t');
        if folds {
            let from = if has_cr { lf - 1 } else { lf };
            edits.replace(Range16::new(from, lf + 1), if has_cr { b"  " } else { b" " });
        } else if !has_cr {
            edits.insert(lf as u16, b"\r");
        }
    }
}
