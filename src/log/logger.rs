//! From a text to every target that wants it.

use super::format::{self, Writer};
use super::frame::{self, Origin};
use super::record::Record;
use super::sink::Sinks;
use crate::base::clock::Clock;
use crate::base::diag::Place;
use crate::settings::log_format::Format;
use crate::settings::{Level, LogTarget};
use std::io;

/// Room for one line and its frame: no allocation until an operator asks for longer lines.
const LINE_LEN_USUAL: usize = 4096;

/// The tag of a configuration without `log-tag`: the reference's, so that filters go on working.
pub const TAG_DEFAULT: &str = "haproxy";

/// A target that failed, told once for each target.
#[derive(Debug)]
pub struct Failure {
    /// Where the target was declared.
    pub place: Place,
    /// What the kernel said.
    pub error: io::Error,
}

/// How many of its lines a target with `sample` has seen.
#[derive(Debug)]
struct Sampling {
    place: Place,
    seen: u32,
}

/// How the line of a session is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// `log-tag`.
    pub tag: &'a str,
    /// Its level.
    pub level: Level,
    /// Its text; `None` is the short line of a proxy that asks for nothing.
    pub format: Option<&'a Format>,
    /// `log-format-sd`: the structured data of RFC 5424 lines.
    pub sd: Option<&'a Format>,
}

/// A line before it is framed: its text and its structured data.
#[derive(Debug, Default)]
pub struct Page {
    text: Vec<u8>,
    sd: Vec<u8>,
}

/// Frames lines and sends them. One for the process.
#[derive(Debug)]
pub struct Logger {
    sinks: Sinks,
    host: Option<String>,
    /// Name of the machine.
    machine: String,
    pid: u32,
    pid_text: String,
    page: Page,
    framed: Vec<u8>,
    samplings: Vec<Sampling>,
    dropped: u64,
    failed: Vec<Place>,
    failure: Option<Failure>,
}

impl Logger {
    /// Lines carry this process id from here on: the process was split.
    pub fn set_pid(&mut self, pid: u32) {
        self.pid = pid;
        self.pid_text = pid.to_string();
    }

    /// `host` is `log-send-hostname`; `pid` the process id that lines carry.
    pub fn new(host: Option<&str>, pid: u32) -> Self {
        Logger {
            sinks: Sinks::new(),
            host: host.map(str::to_owned),
            machine: nix::unistd::gethostname().ok().and_then(|n| n.into_string().ok()).unwrap_or_default(),
            pid,
            pid_text: pid.to_string(),
            page: Page { text: Vec::with_capacity(LINE_LEN_USUAL), sd: Vec::new() },
            framed: Vec::with_capacity(LINE_LEN_USUAL),
            samplings: Vec::new(),
            dropped: 0,
            failed: Vec::new(),
            failure: None,
        }
    }

    /// Opens what lines to `targets` go through; also connects to those that a chroot is about to hide.
    pub fn open(&mut self, targets: &[LogTarget], hides_paths: bool) {
        for target in targets {
            self.sinks.open(&target.sink);
            if hides_paths {
                self.sinks.connect(&target.sink);
            }
        }
    }

    /// An empty page for the next line. Its memory comes back with [`send_page`](Self::send_page).
    pub fn page(&mut self) -> Page {
        let mut page = std::mem::take(&mut self.page);
        page.text.clear();
        page.sd.clear();
        page
    }

    /// Writes the line of a session to `page`.
    pub fn write(&self, page: &mut Page, line: Line<'_>, record: &Record<'_>, clock: &Clock) {
        match line.format {
            Some(format) => format::write(&mut page.text, format, record, self.writer(clock)),
            None => format::write_default(&mut page.text, record),
        }
        if let Some(format) = line.sd {
            format::write(&mut page.sd, format, record, self.writer(clock));
        }
    }

    /// Sends what was written to those of `targets` that want it; a line without text is not sent.
    pub fn send_page(&mut self, page: Page, targets: &[LogTarget], line: Line<'_>, clock: &Clock) {
        if !page.text.is_empty() {
            self.send_with(targets, line.tag, line.level, &page.sd, &page.text, clock);
        }
        self.page = page;
    }

    /// Writes `format` for `record` to `out`: a unique id.
    pub fn render(&self, out: &mut Vec<u8>, format: &Format, record: &Record<'_>, clock: &Clock) {
        format::write(out, format, record, self.writer(clock));
    }

    /// Sends `text` (without line feed) to those of `targets` that want `level`. Never waits: a
    /// line that cannot go now is dropped and counted.
    pub fn send(&mut self, targets: &[LogTarget], tag: &str, level: Level, text: &[u8], clock: &Clock) {
        self.send_with(targets, tag, level, b"", text, clock);
    }

    fn send_with(
        &mut self,
        targets: &[LogTarget],
        tag: &str,
        level: Level,
        sd: &[u8],
        text: &[u8],
        clock: &Clock,
    ) {
        let now = clock.local(clock.wall());
        for target in targets {
            let Some(level) = frame::level_for(target, level) else { continue };
            if !sampled(&mut self.samplings, target) {
                continue;
            }
            self.framed.clear();
            let origin = Origin { host: self.host.as_deref(), pid: &self.pid_text, tag };
            frame::write(&mut self.framed, target, level, origin, &now, sd, text);
            if let Err(error) = self.sinks.send(&target.sink, &self.framed) {
                self.dropped += 1;
                note_failure(&mut self.failed, &mut self.failure, &target.place, error);
            }
        }
    }

    fn writer<'a>(&'a self, clock: &'a Clock) -> Writer<'a> {
        Writer { host: &self.machine, pid: self.pid, clock }
    }

    /// Writes what waits for descriptors. Called at the end of a loop turn.
    pub fn flush(&mut self) {
        self.dropped += self.sinks.flush();
    }

    /// Whether lines still wait after [`flush`](Self::flush): the loop comes back within a short
    /// time instead of sleeping until the next event.
    pub fn is_pending(&self) -> bool {
        self.sinks.is_pending()
    }

    /// Lines lost since they were last taken to the counters.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Lines lost since this was last asked.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// A target that failed for the first time, to be told to the operator on stderr.
    pub fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }
}

/// Whether this line is one of those that `sample` lets through; counts it.
fn sampled(samplings: &mut Vec<Sampling>, target: &LogTarget) -> bool {
    let Some((ranges, size)) = &target.sample else { return true };
    let at = match samplings.iter().position(|s| s.place == target.place) {
        Some(at) => at,
        None => {
            samplings.push(Sampling { place: target.place.clone(), seen: 0 });
            samplings.len() - 1
        }
    };
    let Some(sampling) = samplings.get_mut(at) else { return true };
    sampling.seen = if sampling.seen >= *size { 1 } else { sampling.seen + 1 };
    ranges.iter().any(|&(low, high)| (low..=high).contains(&sampling.seen))
}

fn note_failure(failed: &mut Vec<Place>, slot: &mut Option<Failure>, place: &Place, error: io::Error) {
    // A target that is only full is no news.
    let full = error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS);
    if full || failed.contains(place) {
        return;
    }
    failed.push(place.clone());
    slot.get_or_insert(Failure { place: place.clone(), error });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Facility, LogFormat, LogSink};
    use std::net::UdpSocket;
    use std::time::Duration;

    fn target(line: u32, to: &UdpSocket) -> LogTarget {
        let place = Place { file: "t.cfg".into(), line };
        LogTarget {
            place,
            sink: LogSink::Udp(to.local_addr().unwrap()),
            format: LogFormat::Raw,
            facility: Facility(16),
            max_level: Level::Debug,
            min_level: Level::Emerg,
            len_max: 1024,
            sample: None,
        }
    }

    fn received(socket: &UdpSocket) -> Vec<String> {
        socket.set_nonblocking(true).unwrap();
        let mut room = [0; 2048];
        let mut all = Vec::new();
        while let Ok(count) = socket.recv(&mut room) {
            all.push(String::from_utf8_lossy(&room[..count]).into_owned());
        }
        all
    }

    #[test]
    fn every_target_gets_its_own_frame_and_level() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut targets = [target(1, &socket), target(2, &socket), target(3, &socket)];
        targets[1].format = LogFormat::Short;
        targets[2].max_level = Level::Notice;
        let mut logger = Logger::new(None, 7);
        logger.send(&targets, "t", Level::Info, b"hello", &Clock::new());
        assert_eq!(received(&socket), ["hello\n", "<6>hello\n"]);
        assert_eq!(logger.dropped(), 0);
    }

    #[test]
    fn sample_sends_the_named_lines_of_each_group() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut targets = [target(1, &socket)];
        targets[0].sample = Some((vec![(1, 1), (3, 3)], 4));
        let mut logger = Logger::new(None, 7);
        for text in ["1", "2", "3", "4", "5", "6"] {
            logger.send(&targets, "t", Level::Info, text.as_bytes(), &Clock::new());
        }
        assert_eq!(received(&socket), ["1\n", "3\n", "5\n"]);
    }

    #[test]
    fn a_target_that_is_gone_is_counted_each_time_and_told_once() {
        let dir = tempfile::tempdir().unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut gone = target(9, &socket);
        gone.sink = LogSink::UnixDatagram(dir.path().join("none"));
        let targets = [gone, target(1, &socket)];
        let mut logger = Logger::new(None, 7);
        logger.send(&targets, "t", Level::Info, b"a", &Clock::new());
        assert_eq!(logger.take_failure().unwrap().place.line, 9);
        logger.send(&targets, "t", Level::Info, b"b", &Clock::new());
        assert!(logger.take_failure().is_none());
        assert_eq!(logger.dropped(), 2);
        assert_eq!(received(&socket), ["a\n", "b\n"], "the others are served");
    }

    #[test]
    fn a_line_reuses_the_buffers() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let targets = [target(1, &socket)];
        let mut logger = Logger::new(Some("me"), 7);
        let room = logger.framed.as_ptr();
        for _ in 0..3 {
            logger.send(&targets, "t", Level::Info, &[b'x'; 2000], &Clock::new());
        }
        assert_eq!(room, logger.framed.as_ptr());
        assert_eq!(received(&socket)[0].len(), 1025, "cut to len, and a line feed");
    }
}
