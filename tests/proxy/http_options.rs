//! Options of HTTP mode against the packaged haproxy: own answers to errors.

use crate::kit::http::BodyRule;
use crate::kit::rig::{Rig, compare, config};
use std::fs;
use tempfile::TempDir;

const GET: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

/// Runs a script with an HTTP frontend and backend; `extra` as for [`config`].
fn http(extra: &str, script: impl Fn(&mut Rig)) {
    compare(&config("http", extra), script);
}

/// A file for the time of a test.
struct Message(TempDir);

impl Message {
    fn new(text: &str) -> Message {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("answer.http"), text).expect("a file");
        Message(directory)
    }

    fn path(&self) -> String {
        self.0.path().join("answer.http").to_string_lossy().into_owned()
    }
}

/// What a client gets that finds no server, for several kinds of request.
fn no_server(extra: &str) {
    let requests = [
        (GET, BodyRule::Response),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", BodyRule::HeadOnly),
        ("GET / HTTP/1.0\r\n\r\n", BodyRule::Response),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", BodyRule::Response),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", BodyRule::Response),
    ];
    http(&format!("{extra}\nbackend server s1 ${{s1}} disabled"), |rig| {
        for (request, rule) in requests {
            let mut client = rig.client();
            client.send(request);
            match rule {
                BodyRule::HeadOnly => {
                    client.read_http(rule);
                    client.half_close();
                    client.read_to_end();
                }
                _ => client.read_answer(),
            }
            client.close();
            rig.expect_http_log();
        }
    });
}

const WITH_LENGTH: &str =
    "HTTP/1.1 503 Sorry\r\nX-Own: yes\r\nConnection: close\r\nContent-Length: 3\r\n\r\nown";
const TO_THE_END: &str = "HTTP/1.0 503 Sorry\r\nX-Own: yes\r\nConnection: close\r\n\r\n<html>own</html>\n";

#[test]
fn an_errorfile_with_a_length_keeps_the_connection() {
    let file = Message::new(WITH_LENGTH);
    no_server(&format!("defaults errorfile 503 {}", file.path()));
}

#[test]
fn an_errorfile_decides_whether_the_connection_is_kept() {
    for line in ["X-Own: yes", "Connection: close", "Connection: keep-alive"] {
        let file = Message::new(&WITH_LENGTH.replace("X-Own: yes", line));
        no_server(&format!("defaults errorfile 503 {}", file.path()));
        let file = Message::new(&WITH_LENGTH.replace("X-Own: yes", line).replace("HTTP/1.1", "HTTP/1.0"));
        no_server(&format!("defaults errorfile 503 {}", file.path()));
    }
}

#[test]
fn an_errorfile_without_a_length_ends_with_the_connection() {
    let file = Message::new(TO_THE_END);
    no_server(&format!("frontend errorfile 503 {}", file.path()));
    let file = Message::new(&TO_THE_END.replace("HTTP/1.0", "HTTP/1.1").replace("\r\n", "\n"));
    no_server(&format!("backend errorfile 503 {}", file.path()));
}

#[test]
fn the_errorfile_of_the_backend_comes_first() {
    let (fe, be) = (Message::new(TO_THE_END), Message::new(WITH_LENGTH));
    no_server(&format!("frontend errorfile 503 {}\nbackend errorfile 503 {}", fe.path(), be.path()));
}

#[test]
fn an_empty_errorfile_closes_without_a_word() {
    no_server("defaults errorfile 503 /dev/null");
}

#[test]
fn errorloc_redirects() {
    no_server("frontend errorloc 503 http://sorry.example.com/");
    no_server("backend errorloc302 503 /sorry");
    let file = Message::new(WITH_LENGTH);
    no_server(&format!("backend errorfile 503 {}\nbackend errorloc303 503 /sorry", file.path()));
}

/// The packaged reference sends its own text to what is no request, but takes an empty file as silence.
#[test]
fn a_request_that_is_none_gets_the_builtin_answer_or_silence() {
    let file = Message::new(WITH_LENGTH);
    for answer in [file.path(), "/dev/null".to_owned()] {
        let extra = format!(
            "frontend errorfile 400 {answer}\nfrontend errorfile 408 {answer}\nfrontend timeout http-request 150"
        );
        for request in ["GARBAGE\r\n\r\n", "GET / HT"] {
            http(&extra, |rig| {
                let mut client = rig.client();
                client.send(request);
                client.read_http_to_end();
                client.close();
                rig.expect_http_log();
            });
        }
    }
}

#[test]
fn errorfiles_answer_for_servers_that_fail() {
    let file = Message::new(&WITH_LENGTH.replace("503", "502"));
    http(&format!("backend errorfile 502 {}", file.path()), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.close();
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
    http("frontend errorloc 504 /slow\nbackend timeout server 150", |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}
