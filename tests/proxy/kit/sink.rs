//! A UDP syslog server that keeps what it is sent.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long a log line may take to arrive.
const LINE_WAIT: Duration = Duration::from_secs(8);

/// A syslog target; lines wait in the socket until they are asked for.
pub struct Sink {
    socket: UdpSocket,
}

impl Sink {
    /// A sink on a free port of 127.0.0.1.
    pub fn new() -> Sink {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("bind");
        Sink { socket }
    }

    /// Where to send to.
    pub fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    /// The next datagram as it came, none after `limit`.
    pub fn next_within(&self, limit: Duration) -> Option<String> {
        let deadline = Instant::now() + limit;
        let mut buffer = [0; 65536];
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left)).expect("SO_RCVTIMEO");
            match self.socket.recv(&mut buffer) {
                Ok(len) => return Some(String::from_utf8_lossy(&buffer[..len]).into_owned()),
                Err(_) if Instant::now() >= deadline => return None,
                Err(_) => {}
            }
        }
    }

    /// The next line about traffic, normalised. Lines about the process itself (`Proxy fe started.`, a
    /// server's state) are passed over: they are not what these tests compare.
    pub fn next_traffic_line(&self) -> String {
        self.traffic_line_within(LINE_WAIT).unwrap_or_else(|| panic!("no log line for {LINE_WAIT:?}"))
    }

    /// As [`Sink::next_traffic_line`], none after `limit`.
    pub fn traffic_line_within(&self, limit: Duration) -> Option<String> {
        let deadline = Instant::now() + limit;
        loop {
            let line = self.next_within(deadline.saturating_duration_since(Instant::now()))?;
            if let Some(normal) = normalise(&line) {
                return Some(normal);
            }
        }
    }
}

/// `<PRI>date tag[pid]: text` as `<PRI>text` with ports, dates and times blanked (-1, "not reached", stays).
/// None for a line that does not start with a client's address.
pub fn normalise(line: &str) -> Option<String> {
    let priority = &line[..=line.find('>')?];
    let text = line.split_once("]: ")?.1.trim_end_matches('\n');
    let mut words = text.split(' ');
    let client = words.next()?;
    let (host, port) = client.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    let mut normal = format!("{priority}{host}:P");
    for (at, word) in words.enumerate() {
        normal.push(' ');
        match at {
            0 if word.starts_with('[') => normal.push_str("[DATE]"),
            // The timers, whatever the format; `+` marks a line that logasap wrote early.
            3 => normal.push_str(&word.split('/').map(timer).collect::<Vec<_>>().join("/")),
            _ => normal.push_str(word),
        }
    }
    Some(normal)
}

fn timer(value: &str) -> String {
    let digits = value.strip_prefix('+').unwrap_or(value);
    let blank = if digits == "-1" { "-1" } else { "T" };
    if value.starts_with('+') { format!("+{blank}") } else { blank.to_owned() }
}

/// The line with each number behind the priority as one `0`: dates, ports, process ids and times differ.
pub fn shape(line: &str) -> String {
    let at = if line.starts_with('<') { line.find('>').map_or(0, |at| at + 1) } else { 0 };
    let mut out = line[..at].to_owned();
    for c in line[at..].chars() {
        match c {
            '0'..='9' if out.ends_with('0') && out.len() > at => {}
            '0'..='9' => out.push('0'),
            c => out.push(c),
        }
    }
    out
}
