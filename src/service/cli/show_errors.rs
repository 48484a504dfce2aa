//! `show errors`: the last malformed request and response of each proxy.

use super::h1_stop::Stop;
use super::rows::{Call, Cursor, OUTPUT_PAGE_LEN, Progress};
use super::show_sess::address;
use super::view::{BadMessageView, Direction};
use crate::base::clock::WallTime;
use crate::base::date::LocalTime;
use crate::sys::time::utc_offset_secs;
use std::io::Write;

/// Bytes of a line's text after which it is broken, as in the reference.
const TEXT_LEN_MAX: usize = 70;

/// Stands where the reference shows words of bits that mean something in its own memory only.
const NO_FLAGS: &str = "0x00000000";

/// Both messages of a proxy, in the order they are shown.
const DIRECTIONS: [Direction; 2] = [Direction::Request, Direction::Response];

/// `show errors [<iid>|<proxy>] [request|response]`
///
/// The cursor: `outer` is the message, two a proxy; `step` its number plus 1 once it has begun, and `inner` where in it to
/// go on.
pub fn errors(call: &mut Call<'_>) -> Progress {
    let Ok(wanted) = wanted(call) else { return call.refuse("No such proxy.") };
    let only = match call.word(3) {
        Some("request") => Some(Direction::Request),
        Some("response") => Some(Direction::Response),
        _ => None,
    };
    if !std::mem::replace(&mut call.cursor.begun, true) {
        let (wall, total) = (call.world.info().wall, call.world.info().counters.bad_messages);
        call.out.extend_from_slice(b"Total events captured on ");
        push_date(call.out, wall);
        call.say(&format!(" : {total}"));
    }
    while call.world.proxy(call.cursor.outer / 2).is_some() {
        let direction = DIRECTIONS[call.cursor.outer % 2];
        let message = call.world.bad_message(call.cursor.outer / 2, direction);
        let is_meant = |m: &BadMessageView<'_>| {
            let concerns = |of: (&str, u32)| wanted == Some(i64::from(of.1));
            (wanted.is_none() || concerns(m.frontend) || m.backend.is_some_and(concerns))
                && only.is_none_or(|only| only == direction)
        };
        if let Some(message) = message.filter(is_meant)
            && let Some(at) = push_message(call.out, &message, direction, *call.cursor)
        {
            (call.cursor.step, call.cursor.inner) = (message.event as usize + 1, at);
            return Progress::More;
        }
        (call.cursor.step, call.cursor.inner) = (0, 0);
        call.cursor.outer += 1;
        if call.is_page_full() {
            return Progress::More;
        }
    }
    Progress::Done
}

/// Adds as much of a message as a page takes; says where to go on, if it is not at its end.
fn push_message(
    out: &mut Vec<u8>,
    m: &BadMessageView<'_>,
    direction: Direction,
    cursor: Cursor,
) -> Option<usize> {
    match cursor.step {
        0 => push_head(out, m, direction),
        begun if begun == m.event as usize + 1 => {}
        // Another one took its place between two pages.
        _ => {
            out.extend_from_slice(b"  (the rest was overwritten by a newer one)\n");
            return None;
        }
    }
    let to = push_bytes(out, m.bytes, cursor.inner);
    (to < m.bytes.len()).then_some(to)
}

/// The id of the proxy to show; `None` is all.
fn wanted(call: &Call<'_>) -> Result<Option<i64>, ()> {
    let Some(word) = call.word(2).filter(|word| !word.is_empty()) else { return Ok(None) };
    let id_of =
        |at: usize| call.world.proxy(at).map(|proxy| (proxy.settings.name == word, proxy.settings.id));
    match leading_number(word) {
        -1 => Ok(None),
        0 => {
            let named = (0..).map_while(id_of).find(|(named, _)| *named);
            named.map(|(_, id)| Some(i64::from(id))).ok_or(())
        }
        id => Ok(Some(id)),
    }
}

/// The number that `word` begins with, 0 without one: the reference takes `3x` for 3.
fn leading_number(word: &str) -> i64 {
    let sign = usize::from(word.starts_with(['-', '+']));
    let digits = word[sign..].bytes().take_while(u8::is_ascii_digit).count();
    word[..sign + digits].parse().unwrap_or(0)
}

fn push_date(out: &mut Vec<u8>, wall: WallTime) {
    out.push(b'[');
    LocalTime::new(wall.secs, wall.micros, utc_offset_secs(wall.secs)).push_log(out);
    out.push(b']');
}

fn push_head(out: &mut Vec<u8>, m: &BadMessageView<'_>, direction: Direction) {
    out.extend_from_slice(b" \n");
    push_date(out, m.when);
    let named = |of: Option<(&str, u32)>| match of {
        Some((name, id)) => format!("{name} (#{id})"),
        None => "<NONE> (#-1)".to_owned(),
    };
    let (frontend, backend) = (named(Some(m.frontend)), named(m.backend));
    let (whose, other) = match direction {
        Direction::Request => (format!("frontend {frontend}: invalid request"), format!("backend {backend}")),
        Direction::Response => {
            (format!("backend {backend}: invalid response"), format!("frontend {frontend}"))
        }
    };
    // The server of a request is not named, as in the reference.
    let server = m.server.filter(|_| direction == Direction::Response);
    let stop = Stop::of(m.error, direction, m.bytes);
    let text = format!(
        " {whose}\n  {other}, server {}, event #{}, src {}\n  buffer starts at 0 (including 0 out), {} free,\n  \
         len {}, wraps at {}, error at position {}\n  H1 connection flags {NO_FLAGS}, H1 stream flags {NO_FLAGS}\n  \
         H1 msg state {}({}), H1 msg flags {NO_FLAGS}\n  H1 chunk len {} bytes, H1 body len {} bytes :\n  \n",
        named(server),
        m.event,
        address(m.client, m.listener_id),
        m.capacity.saturating_sub(m.bytes.len()),
        m.bytes.len(),
        m.capacity,
        stop.at,
        stop.state,
        stop.number,
        stop.chunk_len,
        stop.body_len,
    );
    out.extend_from_slice(text.as_bytes());
}

/// Adds lines of `bytes` from `from` on, as many as a page takes; says how far it came.
fn push_bytes(out: &mut Vec<u8>, bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() && out.len() < OUTPUT_PAGE_LEN {
        let continued = at > 0 && bytes[at - 1] != b'\n';
        // Writing to a Vec cannot fail.
        let _ = write!(out, "  {at:05}{} ", if continued { '+' } else { ' ' });
        let begin = out.len();
        while let Some(&byte) = bytes.get(at) {
            let escaped = escape(byte);
            if out.len() - begin + escaped.len() > TEXT_LEN_MAX {
                break;
            }
            out.extend_from_slice(escaped.as_bytes());
            at += 1;
            if byte == b'\n' {
                break;
            }
        }
        out.push(b'\n');
    }
    at
}

/// A byte as the manual says: printable ones stay.
fn escape(byte: u8) -> String {
    match byte {
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        0x1b => "\\e".to_owned(),
        b'\\' => "\\\\".to_owned(),
        0x20..=0x7e => char::from(byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::{TestWorld, answer};

    fn world(bytes: &[u8]) -> TestWorld {
        let mut world = TestWorld::new();
        world.process.bad_messages = 8;
        world.bad = Some(bytes.to_vec());
        world
    }

    #[test]
    fn without_errors_there_is_a_line() {
        let text = answer(&mut TestWorld::new(), "show errors");
        assert!(text.starts_with("Total events captured on [") && text.ends_with("] : 0\n\n"), "{text}");
    }

    #[test]
    fn a_request_is_shown_as_the_reference_shows_it() {
        let text =
            answer(&mut world(b"GET / HTTP/1.1\r\nHost a\x01\x1b\\\t\xff\r\n"), "show errors fe request");
        let (_, shown) = text.split_once("\n \n[").expect("a message");
        let (_, shown) = shown.split_once("] ").expect("a date");
        assert_eq!(
            shown,
            "frontend fe (#2): invalid request\n  backend <NONE> (#-1), server <NONE> (#-1), event #7, src 127.0.0.1:60000\n  \
             buffer starts at 0 (including 0 out), 16355 free,\n  len 29, wraps at 16384, error at position 20\n  \
             H1 connection flags 0x00000000, H1 stream flags 0x00000000\n  H1 msg state MSG_HDR_NAME(17), H1 msg flags 0x00000000\n  \
             H1 chunk len 0 bytes, H1 body len 0 bytes :\n  \n  00000  GET / HTTP/1.1\\r\\n\n  \
             00016  Host a\\x01\\e\\\\\\t\\xFF\\r\\n\n\n"
        );
    }

    #[test]
    fn long_lines_are_broken() {
        let text = answer(&mut world(&[b'a'; 100]), "show errors fe request");
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  000")).collect();
        assert_eq!(lines, [format!("  00000  {}", "a".repeat(70)), format!("  00070+ {}", "a".repeat(30))]);
        let text = answer(&mut world(&[0; 40]), "show errors fe request");
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  000")).collect();
        assert!(lines[1].starts_with("  00017+ "), "{lines:?}");
    }

    #[test]
    fn a_full_buffer_of_binary_comes_in_pages() {
        let text = answer(&mut world(&[0; 16384]), "show errors");
        // A request and a response of each of the three proxies.
        assert_eq!(text.matches("\\x00").count(), 6 * 16384);
    }

    #[test]
    fn one_that_is_replaced_while_it_is_shown_is_not_mixed_up() {
        let mut world = world(&[0; 16384]);
        world.bad_is_replaced = true;
        let text = answer(&mut world, "show errors fe request");
        assert!(text.contains("overwritten") && text.matches("\\x00").count() < 16384, "{text}");
    }

    #[test]
    fn words_choose_what_is_shown() {
        let count = |line: &str| answer(&mut world(b"x"), line).matches("invalid re").count();
        for (line, shown) in [
            ("show errors", 6),
            ("show errors -1", 6),
            ("show errors -1 response", 3),
            ("show errors 2", 4),
            ("show errors be request", 1),
            ("show errors be other", 2),
            ("show errors 99", 0),
        ] {
            assert_eq!(count(line), shown, "{line}");
        }
        assert_eq!(answer(&mut world(b"x"), "show errors nope"), "No such proxy.\n\n");
    }
}
