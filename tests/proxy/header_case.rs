//! `h1-case-adjust`: header names that leave in the case that was asked for, byte for byte as the packaged haproxy sends
//! them. Every name in these messages has its case, since others keep theirs here and lose it there.

use crate::kit::rig::{Rig, compare, config};
use std::io::Write;

const CASES: &str = "global h1-case-adjust x-one X-oNe
global h1-case-adjust host HoST
global h1-case-adjust content-length Content-Length
global h1-case-adjust x-forwarded-for X-Forwarded-For";
const BOTH: &str = "frontend option h1-case-adjust-bogus-client\nbackend option h1-case-adjust-bogus-server";

const REQUEST: &str = "POST / HTTP/1.1\r\nhost: a\r\nX-ONE: x-one: 1\r\ncontent-length: 2\r\n\r\nhi";
const REQUEST_ADJUSTED: &str = "POST / HTTP/1.1\r\nHoST: a\r\nX-oNe: x-one: 1\r\nContent-Length: 2\r\n";
const ANSWER: &str = "HTTP/1.1 103 Early Hints\r\nx-one: a\r\n\r\nHTTP/1.1 200 OK\r\nx-ONE: b\r\nCONTENT-LENGTH: 9\r\n\r\nx-one: c\n";
const ANSWER_ADJUSTED: &str = "HTTP/1.1 103 Early Hints\r\nX-oNe: a\r\n\r\nHTTP/1.1 200 OK\r\nX-oNe: b\r\nContent-Length: 9\r\n\r\nx-one: c\n";

/// One exchange; what the server and the client must get, byte for byte.
fn exchange(rig: &mut Rig, request: &str, answer: &str) {
    let mut client = rig.client();
    client.send(REQUEST);
    let mut server = rig.s1.accept();
    server.expect(request);
    server.send(ANSWER);
    client.expect(answer);
}

#[test]
fn both_sides_get_the_case_that_was_asked_for() {
    let forwarded = format!("{REQUEST_ADJUSTED}X-Forwarded-For: 127.0.0.1\r\n\r\nhi");
    compare(&config("http", &format!("{CASES}\n{BOTH}\ndefaults option forwardfor")), |rig| {
        exchange(rig, &forwarded, ANSWER_ADJUSTED);
    });
}

/// Bytes that both proxies leave in lower case.
const LOW: &str = "POST / HTTP/1.1\r\nhost: a\r\nx-one: 1\r\ncontent-length: 2\r\n\r\nhi";

#[test]
fn each_side_has_its_own_option() {
    compare(&config("http", &format!("{CASES}\nfrontend option h1-case-adjust-bogus-client")), |rig| {
        let mut client = rig.client();
        client.send(LOW);
        let mut server = rig.s1.accept();
        server.expect(LOW);
        server.send(ANSWER);
        client.expect(ANSWER_ADJUSTED);
    });
    compare(&config("http", &format!("{CASES}\nbackend option h1-case-adjust-bogus-server")), |rig| {
        const OK: &str = "HTTP/1.1 200 OK\r\nx-one: 1\r\ncontent-length: 0\r\n\r\n";
        let mut client = rig.client();
        client.send(LOW);
        let mut server = rig.s1.accept();
        server.expect("POST / HTTP/1.1\r\nHoST: a\r\nX-oNe: 1\r\nContent-Length: 2\r\n\r\nhi");
        server.send(OK);
        client.expect(OK);
    });
}

/// Answers made by the proxy as well.
#[test]
fn error_documents_have_it_too() {
    compare(&config("http", &format!("{CASES}\n{BOTH}\nbackend server s1 ${{s1}} disabled")), |rig| {
        let mut client = rig.client();
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
        client.expect(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 107\r\ncache-control: no-cache\r\n\
             content-type: text/html\r\n\r\n",
        );
    });
}

#[test]
fn a_file_says_it_as_well() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(file, "# names\n\n  x-one\tX-oNe  \nhost HoST\ncontent-length Content-Length").expect("written");
    let path = file.path().display();
    let extra = format!("global h1-case-adjust-file /nonexistent\nglobal h1-case-adjust-file {path}\n{BOTH}");
    compare(&config("http", &extra), |rig| {
        exchange(rig, &format!("{REQUEST_ADJUSTED}\r\nhi"), ANSWER_ADJUSTED);
    });
}

/// Every message of a connection, whatever frames its body; headers that the proxy adds too.
#[test]
fn every_message_of_a_connection_has_it() {
    const MORE: &str = "global h1-case-adjust connection Connection\nglobal h1-case-adjust transfer-encoding Transfer-Encoding";
    let extra = format!("{CASES}\n{MORE}\n{BOTH}\nbackend option http-server-close");
    compare(&config("http", &extra), |rig| {
        let mut client = rig.client();
        for _ in 0..2 {
            client
                .send("PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
            let mut server = rig.s1.accept();
            server.expect(
                "PUT / HTTP/1.1\r\nHoST: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            );
            server.send(
                "HTTP/1.1 200 OK\r\nX-ONE: 1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            );
            client.expect(
                "HTTP/1.1 200 OK\r\nX-oNe: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            );
        }
    });
}
