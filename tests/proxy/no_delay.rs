//! `option http-no-delay`: no piece of a message is held back for the next one. What a send asks of the kernel is seen by
//! strace; whether it then waits is the kernel's.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::NamedTempFile;

use crate::kit::proxy::skip;
use crate::kit::rig::{Rig, alone, compare, config};

const HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNK: &str = "3\r\nabc\r\n";

/// strace at a running proxy.
struct Trace {
    strace: Child,
    calls: NamedTempFile,
}

impl Trace {
    /// Attached to the proxy; `None` where that is not to be had.
    fn begin(rig: &Rig) -> Option<Trace> {
        let calls = NamedTempFile::new().expect("a file");
        let mut command = Command::new("strace");
        command.args(["-f", "-e", "trace=sendto,sendmsg,splice,setsockopt", "-o"]).arg(calls.path());
        command.args(["-p", &rig.proxy.pid().to_string()]).stderr(Stdio::piped());
        let Ok(mut strace) = command.spawn() else {
            skip("no strace");
            return None;
        };
        let mut said = String::new();
        BufReader::new(strace.stderr.take().expect("piped")).read_line(&mut said).expect("strace speaks");
        if !said.contains("attached") {
            strace.wait().expect("it ends");
            skip(&format!("strace cannot attach: {said}"));
            return None;
        }
        Some(Trace { strace, calls })
    }

    /// What was called.
    fn end(mut self) -> String {
        kill(Pid::from_raw(self.strace.id() as i32), Signal::SIGINT).expect("strace runs");
        self.strace.wait().expect("it ends");
        std::fs::read_to_string(self.calls.path()).expect("what it wrote")
    }
}

/// Chunks in turn, each way; then whether a send asked to be held back.
fn converse(rig: &mut Rig) {
    let Some(trace) = Trace::begin(rig) else { return };
    let mut client = rig.client();
    client.send(HEAD);
    let mut server = rig.s1.accept();
    server.expect_head();
    server.send(ANSWER);
    client.expect_head();
    for _ in 0..3 {
        client.send(CHUNK);
        server.take(CHUNK.len());
        server.send(CHUNK);
        client.take(CHUNK.len());
    }
    let calls = trace.end();
    let held_back = calls.lines().filter(|call| call.contains("MSG_MORE") || call.contains("SPLICE_F_MORE"));
    rig.note("held back", held_back.count());
    assert!(calls.lines().filter(|call| call.contains("send")).count() >= 7, "{calls}");
    assert!(calls.contains("TCP_NODELAY, [1]"), "the server's connection sends at once: {calls}");
}

#[test]
fn nothing_is_held_back_with_the_option() {
    for option in ["frontend option http-no-delay", "backend option http-no-delay"] {
        compare(&config("http", option), converse);
    }
}

/// It is always so here; haproxy holds pieces back without the option.
#[test]
fn nothing_is_held_back_without_the_option() {
    alone(&config("http", ""), |rig| {
        converse(rig);
        let lines = rig.transcript.lines();
        assert!(!lines.iter().any(|line| line.contains("held back: ") && !line.ends_with(" 0")), "{lines:?}");
    });
}
