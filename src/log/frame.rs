//! What stands around a line's text: priority, date, host, tag (configuration.txt 4.2 `log`).

use crate::base::date::LocalTime;
use crate::settings::{Level, LogFormat, LogTarget};

/// Host name in the formats that must have one, when the configuration gives none.
const HOST_UNKNOWN: &[u8] = b"localhost";

/// Who speaks.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// `log-send-hostname`.
    pub host: Option<&'a str>,
    /// Process id, in decimal.
    pub pid: &'a str,
    /// `log-tag`.
    pub tag: &'a str,
}

/// The level `target` gets a line of `level` with; `None` when it does not want it.
pub fn level_for(target: &LogTarget, level: Level) -> Option<Level> {
    (level <= target.max_level).then(|| level.max(target.min_level))
}

/// Appends the whole datagram or line for `target`: its frame, `text` cut so that both together are
/// at most `target.len_max` bytes, and a line feed. `sd` is the structured data of RFC 5424, empty for none.
pub fn write(
    out: &mut Vec<u8>,
    target: &LogTarget,
    level: Level,
    origin: Origin<'_>,
    now: &LocalTime,
    sd: &[u8],
    text: &[u8],
) {
    let start = out.len();
    push_header(out, target, level, origin, now, sd);
    let room = target.len_max.saturating_sub(out.len() - start);
    out.extend_from_slice(&text[..text.len().min(room)]);
    out.truncate(start.saturating_add(target.len_max));
    out.push(b'\n');
}

fn push_header(
    out: &mut Vec<u8>,
    target: &LogTarget,
    level: Level,
    origin: Origin<'_>,
    now: &LocalTime,
    sd: &[u8],
) {
    let full = u32::from(target.facility.0) * 8 + level as u32;
    match target.format {
        LogFormat::Raw => {}
        LogFormat::Short => push_priority(out, level as u32),
        LogFormat::Priority => push_priority(out, full),
        LogFormat::Timed => {
            push_priority(out, level as u32);
            now.push_rfc5424(out);
            out.push(b' ');
        }
        LogFormat::Iso => {
            now.push_rfc5424(out);
            out.push(b' ');
        }
        LogFormat::Unspecified => {
            push_priority(out, full);
            push_bsd(out, origin.host.map(str::as_bytes), origin, now);
        }
        LogFormat::Local => {
            push_priority(out, full);
            push_bsd(out, None, origin, now);
        }
        LogFormat::Rfc3164 => {
            push_priority(out, full);
            push_bsd(out, Some(origin.host.map_or(HOST_UNKNOWN, str::as_bytes)), origin, now);
        }
        LogFormat::Rfc5424 => {
            push_priority(out, full);
            out.extend_from_slice(b"1 ");
            now.push_rfc5424(out);
            for part in [origin.host.unwrap_or("-"), origin.tag, origin.pid] {
                out.push(b' ');
                out.extend_from_slice(part.as_bytes());
            }
            // No message id.
            out.extend_from_slice(b" - ");
            out.extend_from_slice(if sd.is_empty() { b"-" } else { sd });
            out.push(b' ');
        }
    }
}

fn push_priority(out: &mut Vec<u8>, priority: u32) {
    out.push(b'<');
    out.extend_from_slice(itoa::Buffer::new().format(priority).as_bytes());
    out.push(b'>');
}

/// `Nov 21 01:17:21 [host ]tag[pid]: `
fn push_bsd(out: &mut Vec<u8>, host: Option<&[u8]>, origin: Origin<'_>, now: &LocalTime) {
    now.push_rfc3164(out);
    out.push(b' ');
    if let Some(host) = host {
        out.extend_from_slice(host);
        out.push(b' ');
    }
    out.extend_from_slice(origin.tag.as_bytes());
    out.push(b'[');
    out.extend_from_slice(origin.pid.as_bytes());
    out.extend_from_slice(b"]: ");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::diag::Place;
    use crate::settings::{Facility, LogSink};

    fn target(format: LogFormat) -> LogTarget {
        LogTarget {
            place: Place { file: "t".into(), line: 1 },
            sink: LogSink::Fd(1),
            format,
            facility: Facility(16),
            max_level: Level::Debug,
            min_level: Level::Emerg,
            len_max: 1024,
            sample: None,
        }
    }

    fn framed(target: &LogTarget, host: Option<&str>, text: &str) -> String {
        let now = LocalTime::new(1_795_223_850, 49_387, 0);
        let origin = Origin { host, pid: "24692", tag: "haproxy" };
        let mut out = Vec::new();
        write(&mut out, target, Level::Info, origin, &now, b"", text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_format_is_framed_as_the_reference_frames_it() {
        for (format, expected) in [
            (LogFormat::Unspecified, "<134>Nov 21 01:17:30 haproxy[24692]: x y\n"),
            (LogFormat::Local, "<134>Nov 21 01:17:30 haproxy[24692]: x y\n"),
            (LogFormat::Rfc3164, "<134>Nov 21 01:17:30 localhost haproxy[24692]: x y\n"),
            (LogFormat::Rfc5424, "<134>1 2026-11-21T01:17:30.049387+00:00 - haproxy 24692 - - x y\n"),
            (LogFormat::Priority, "<134>x y\n"),
            (LogFormat::Short, "<6>x y\n"),
            (LogFormat::Timed, "<6>2026-11-21T01:17:30.049387+00:00 x y\n"),
            (LogFormat::Iso, "2026-11-21T01:17:30.049387+00:00 x y\n"),
            (LogFormat::Raw, "x y\n"),
        ] {
            assert_eq!(framed(&target(format), None, "x y"), expected);
        }
    }

    #[test]
    fn log_send_hostname_shows_in_the_formats_with_a_host() {
        for (format, expected) in [
            (LogFormat::Unspecified, "<134>Nov 21 01:17:30 foo.bar haproxy[24692]: x\n"),
            (LogFormat::Local, "<134>Nov 21 01:17:30 haproxy[24692]: x\n"),
            (LogFormat::Rfc3164, "<134>Nov 21 01:17:30 foo.bar haproxy[24692]: x\n"),
            (LogFormat::Rfc5424, "<134>1 2026-11-21T01:17:30.049387+00:00 foo.bar haproxy 24692 - - x\n"),
            (LogFormat::Short, "<6>x\n"),
        ] {
            assert_eq!(framed(&target(format), Some("foo.bar"), "x"), expected);
        }
    }

    #[test]
    fn structured_data_stands_in_rfc5424_lines_only() {
        let now = LocalTime::new(1_795_223_850, 0, 0);
        let origin = Origin { host: None, pid: "1", tag: "t" };
        let line = |format| {
            let mut out = Vec::new();
            write(&mut out, &target(format), Level::Info, origin, &now, b"[a@1 b=\"c\"]", b"x");
            String::from_utf8(out).unwrap()
        };
        assert!(line(LogFormat::Rfc5424).ends_with(" - t 1 - [a@1 b=\"c\"] x\n"));
        assert_eq!(line(LogFormat::Raw), "x\n");
    }

    #[test]
    fn len_counts_the_frame_but_not_the_line_feed() {
        let mut target = target(LogFormat::Rfc5424);
        target.len_max = 80;
        let line = framed(&target, None, &"a".repeat(300));
        assert_eq!(line.len(), 81);
        assert!(line.ends_with("a\n"));
        target.len_max = 10;
        assert_eq!(framed(&target, None, "a"), "<134>1 202\n");
    }

    #[test]
    fn levels_are_filtered_at_the_top_and_raised_at_the_bottom() {
        let mut target = target(LogFormat::Local);
        target.max_level = Level::Notice;
        target.min_level = Level::Warning;
        assert_eq!(level_for(&target, Level::Info), None);
        assert_eq!(level_for(&target, Level::Notice), Some(Level::Notice));
        assert_eq!(level_for(&target, Level::Alert), Some(Level::Warning));
    }
}
