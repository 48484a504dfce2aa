//! Options of HTTP mode against the packaged haproxy: own answers to errors, headers that tell addresses, who
//! closes which connection, requests that are answered or held here.

use crate::kit::http::BodyRule;
use crate::kit::rig::{Rig, alone, compare, config};
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
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", BodyRule::Response),
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

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What the server gets of each request, one connection each.
fn forwarded(extra: &str, requests: &[&str]) {
    http(extra, |rig| {
        for request in requests {
            let mut client = rig.client();
            client.send(request);
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server.send(OK);
            client.read_answer();
            server.close();
            client.close();
            rig.expect_http_log();
        }
    });
}

const TOLD: &str =
    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Original-To: 192.0.2.2\r\nA: b\r\n\r\n";

#[test]
fn forwardfor_adds_the_client_behind_what_is_there() {
    let requests = [
        GET,
        TOLD,
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
    ];
    forwarded("backend http-reuse never\ndefaults option forwardfor", &requests);
    forwarded("backend http-reuse never\nbackend option forwardfor header X-Client", &requests);
    forwarded("backend http-reuse never\nfrontend option originalto\nbackend option forwardfor", &requests);
}

#[test]
fn forwardfor_if_none_needs_the_word_on_each_side() {
    forwarded("frontend option forwardfor if-none", &[TOLD]);
    forwarded("frontend option forwardfor if-none\nbackend option forwardfor", &[TOLD]);
    forwarded("frontend option forwardfor\nbackend option forwardfor if-none", &[TOLD]);
    forwarded("frontend option forwardfor if-none\nbackend option forwardfor if-none header X-B", &[TOLD]);
}

#[test]
fn addresses_that_are_excepted_are_not_told() {
    forwarded("frontend option forwardfor except 127.0.0.0/8", &[GET]);
    forwarded("frontend option forwardfor except 127.0.0.2", &[GET]);
    forwarded("frontend option forwardfor\nbackend option forwardfor except 127.0.0.1", &[GET]);
    forwarded("frontend option originalto except 127.0.0.1\nbackend option originalto", &[GET]);
    forwarded("defaults option forwardfor except 127.0.0.1\nfrontend option forwardfor", &[GET]);
    forwarded("defaults option forwardfor header X-D if-none\nbackend option forwardfor", &[TOLD]);
}

#[test]
fn unique_ids_and_addresses_stand_in_this_order() {
    let extra = "frontend unique-id-format u
                 frontend unique-id-header X-U
                 frontend option originalto
                 frontend option forwardfor
                 frontend option httpclose";
    forwarded(extra, &[GET]);
}

/// The frontend's option is about both connections, the backend's about the server's only.
#[test]
fn who_closes_which_connection() {
    for front in ["", "option http-server-close", "option httpclose"] {
        for back in ["", "option http-server-close", "option httpclose", "option http-keep-alive"] {
            for more in ["", "option http-pretend-keepalive"] {
                let extra = format!("frontend {front}\nbackend {back}\nbackend {more}");
                http(&extra, |rig| {
                    let mut client = rig.client();
                    client.send(GET);
                    let mut server = rig.s1.accept();
                    server.read_http(BodyRule::Request);
                    server.send(OK);
                    client.read_answer();
                    rig.expect_http_log();
                    if front.is_empty() && matches!(back, "" | "option http-keep-alive") {
                        assert!(server.is_quiet_for(crate::kit::rig::QUIET));
                        rig.note("server", "stays open");
                    } else {
                        server.read_to_end();
                    }
                });
            }
        }
    }
}

#[test]
fn a_monitor_uri_is_answered_here_and_not_logged() {
    let requests = [
        "GET /mon HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /mon HTTP/1.0\r\n\r\n",
        "GET http://a/mon HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /mon HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
        "POST /mon HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nhi",
    ];
    for extra in ["frontend monitor-uri /mon", "frontend monitor-uri /mon\nfrontend errorfile 200 /dev/null"]
    {
        http(extra, |rig| {
            for request in requests {
                let mut client = rig.client();
                client.send(request);
                client.read_answer();
                client.close();
            }
            rig.expect_no_log();
        });
    }
    let others = ["/mon/", "/mon?x", "/MON", "/%6don"];
    let others = others.map(|uri| format!("GET {uri} HTTP/1.1\r\nHost: a\r\n\r\n"));
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    forwarded("frontend monitor-uri /mon\nbackend http-reuse never", &others);
}

#[test]
fn an_absolute_monitor_uri_wants_an_absolute_target() {
    http("frontend monitor-uri http://a/mon", |rig| {
        for target in ["http://a/mon", "http://a:80/mon"] {
            let mut client = rig.client();
            client.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
            client.read_answer();
            client.close();
        }
        rig.expect_no_log();
    });
    forwarded("frontend monitor-uri http://a/mon", &["GET /mon HTTP/1.1\r\nHost: a\r\n\r\n"]);
}

const HEAD_OF_TEN: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";

#[test]
fn a_held_request_reaches_no_server_before_its_body() {
    for side in ["frontend", "backend"] {
        http(&format!("{side} option http-buffer-request"), |rig| {
            let mut client = rig.client();
            client.send(HEAD_OF_TEN);
            client.send("abc");
            assert!(rig.s1.is_quiet_for(crate::kit::rig::QUIET));
            client.send("defghij");
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server.send(OK);
            client.read_answer();
            client.close();
            rig.expect_http_log();
        });
    }
}

#[test]
fn a_held_request_without_a_body_goes_on_at_once() {
    forwarded(
        "frontend option http-buffer-request\nbackend http-reuse never",
        &[
            GET,
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ],
    );
}

#[test]
fn a_body_that_does_not_come_in_time_gets_a_408() {
    for limit in ["client", "http-request"] {
        for side in ["frontend", "backend"] {
            let extra = format!("{side} option http-buffer-request\nfrontend timeout {limit} 200");
            http(&extra, |rig| {
                let mut client = rig.client();
                client.send(HEAD_OF_TEN);
                client.send("abc");
                client.read_answer();
                client.close();
                rig.expect_http_log();
            });
        }
    }
}

#[test]
fn a_client_that_leaves_within_a_held_body_is_told() {
    alone(&config("http", "frontend option http-buffer-request"), |rig| {
        let mut client = rig.client();
        client.send(HEAD_OF_TEN);
        client.send("abc");
        client.half_close();
        client.read_http_to_end();
        let line = rig.sink.next_traffic_line();
        assert!(line.contains(" be/<NOSRV> ") && line.contains(" 400 ") && line.contains(" CR-- "), "{line}");
    });
}

#[test]
fn a_client_that_expects_it_is_told_to_go_on() {
    http("frontend option http-buffer-request", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        client.read_http(BodyRule::Response);
        client.send("abc");
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}

#[test]
fn a_body_larger_than_a_buffer_is_held_until_that_is_full() {
    http("frontend option http-buffer-request", |rig| {
        let mut client = rig.client();
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
        client.send("x".repeat(20_000));
        let mut server = rig.s1.accept();
        client.send("y".repeat(20_000));
        server.read_http(BodyRule::Request);
        server.send(OK);
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Act {
    Answer(&'static str),
    Close,
    Reset,
    Nothing,
    /// Half of a head, then the end.
    Half,
}

/// One request against a server that does each of `acts` in turn.
fn retried(extra: &str, request: &str, acts: &[Act]) {
    let extra = format!("backend timeout server 250\n{extra}");
    http(&extra, |rig| {
        let mut client = rig.client();
        client.send(request);
        let mut servers = Vec::new();
        for act in acts {
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            match act {
                Act::Answer(text) => server.send(text),
                Act::Close => server.close(),
                Act::Reset => server.reset(),
                Act::Nothing => {}
                Act::Half => {
                    server.send("HTTP/1.1 200 O");
                    server.close();
                }
            }
            servers.push(server);
        }
        client.read_http(BodyRule::Response);
        client.close();
        rig.expect_http_log();
    });
}

const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";
const JUNK: &str = "no http\r\n\r\n";
const DONE: Act = Act::Answer(OK);

#[test]
fn a_request_is_sent_again_after_what_retry_on_says() {
    retried("backend retry-on empty-response", GET, &[Act::Close, DONE]);
    retried("backend retry-on empty-response", GET, &[Act::Reset, DONE]);
    retried("backend retry-on empty-response", GET, &[Act::Half, DONE]);
    retried("backend retry-on junk-response", GET, &[Act::Answer(JUNK), DONE]);
    retried("backend retry-on response-timeout", GET, &[Act::Nothing, DONE]);
    retried("backend retry-on 503", GET, &[Act::Answer(BUSY), DONE]);
    retried(
        "backend retry-on 404 503",
        GET,
        &[Act::Answer("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"), DONE],
    );
    retried("defaults retry-on all-retryable-errors", GET, &[Act::Close, Act::Answer(JUNK), DONE]);
}

#[test]
fn a_request_is_not_sent_again_after_anything_else() {
    retried("", GET, &[Act::Close]);
    retried("backend retry-on none", GET, &[Act::Close]);
    retried("backend retry-on conn-failure", GET, &[Act::Reset]);
    retried("backend retry-on junk-response", GET, &[Act::Close]);
    retried("backend retry-on empty-response", GET, &[Act::Answer(JUNK)]);
    retried("backend retry-on empty-response", GET, &[Act::Nothing]);
    retried("backend retry-on 404", GET, &[Act::Answer(BUSY)]);
}

#[test]
fn retries_bound_the_attempts_and_the_last_answer_goes_on() {
    retried("backend retry-on 503", GET, &[Act::Answer(BUSY); 4]);
    retried("backend retry-on empty-response\nbackend retries 1", GET, &[Act::Close; 2]);
    retried("backend retry-on empty-response\nbackend retries 0", GET, &[Act::Close]);
}

#[test]
fn a_body_is_sent_again_with_its_head() {
    let requests = [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ];
    for request in requests {
        retried("backend retry-on empty-response\nfrontend option forwardfor", request, &[Act::Close, DONE]);
    }
}

#[test]
fn a_body_larger_than_a_buffer_is_not_sent_again() {
    let request =
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n{}", "x".repeat(40_000));
    retried("backend retry-on empty-response", &request, &[Act::Close]);
}

#[test]
fn without_conn_failure_no_connection_is_tried_twice() {
    for words in ["none", "503", "empty-response"] {
        let extra = format!(
            "backend server s1 ${{refused}}\nbackend retry-on {words}\nbackend timeout connect 100\nbackend option redispatch"
        );
        http(&extra, |rig| {
            let mut client = rig.client();
            client.send(GET);
            client.read_answer();
            client.close();
            rig.expect_http_log();
        });
    }
}

#[test]
fn a_request_sent_again_may_go_to_another_server() {
    let extra = "backend server s1 ${s1}
                 backend server s2 ${s2}
                 backend retry-on empty-response
                 backend option redispatch 1";
    http(extra, |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut first = rig.s1.accept();
        first.read_http(BodyRule::Request);
        first.close();
        let mut second = rig.s2.accept();
        second.read_http(BodyRule::Request);
        second.send(OK);
        client.read_answer();
        client.close();
        rig.expect_http_log();
    });
}

/// What was asked behind the request that is sent again is not lost.
#[test]
fn a_pipelined_request_waits_for_the_second_try() {
    http("backend retry-on empty-response", |rig| {
        let mut client = rig.client();
        client.send(format!("{GET}{}", GET.replace("/a", "/b")));
        let mut first = rig.s1.accept();
        first.read_http(BodyRule::Request);
        first.close();
        let mut second = rig.s1.accept();
        second.read_http(BodyRule::Request);
        second.send(OK);
        client.read_http(BodyRule::Response);
        second.read_http(BodyRule::Request);
        second.send(OK);
        client.read_http(BodyRule::Response);
        client.close();
        rig.expect_http_log();
        rig.expect_http_log();
    });
}

/// `errorfiles`: in the order of the lines, the later one counts; the backend before the frontend.
#[test]
fn answers_of_http_errors_sections() {
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/good");
    let groups = format!(
        "http-errors own\n    errorfile 503 {good}/error_answers.http\nhttp-errors none\n    errorfile 503 /dev/null\n\
         http-errors other\n    errorfile 504 /dev/null\n"
    );
    for lines in [
        "frontend errorfiles own",
        "frontend errorfiles own 503",
        "defaults errorfiles own",
        "frontend errorfiles none\nbackend errorfiles own",
        "frontend errorfiles none\nfrontend errorfiles own",
        "frontend errorfiles own\nfrontend errorfiles none",
        "frontend errorloc 503 /sorry\nfrontend errorfiles own",
        "frontend errorfiles own\nfrontend errorloc 503 /sorry",
        "frontend errorfiles other",
    ] {
        let config = config("http", &format!("backend server s1 ${{refused}}\nbackend retries 0\n{lines}"));
        compare(&format!("{config}\n{groups}"), |rig| {
            let mut client = rig.client();
            client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
            client.read_http_to_end();
            client.close();
            rig.expect_http_log();
        });
    }
}

/// `option independent-streams`: a server that takes the body and says nothing is silent all the same.
#[test]
fn sending_to_a_server_does_not_put_off_its_timeout_where_streams_are_independent() {
    let extra =
        "backend option independent-streams\nbackend timeout server 2500\nfrontend timeout http-request 300";
    http(extra, |rig| {
        let mut client = rig.client();
        client.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
        let mut server = rig.s1.accept();
        server.expect_head();
        // Other clients are the clock: each is answered when 300 ms are over.
        let tick = |rig: &mut Rig| {
            let mut clock = rig.client();
            clock.send("GET");
            clock.read_http(BodyRule::Response);
        };
        for byte in ["a", "b", "c"] {
            tick(rig);
            client.send(byte);
            server.expect(byte);
        }
        (0..6).for_each(|_| tick(rig));
        server.exchange_silently(OK.as_bytes());
        client.read_answer();
    });
}
