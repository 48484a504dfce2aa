//! Heads that try to make two readers disagree: each is refused, or forwarded in a form that reads one way only.
//! The verdicts are those of the reference unless a line says otherwise.

use super::*;

/// The request line and `Host` that most rows need are added here.
fn request(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

#[test]
fn heads_that_break_the_grammar_are_refused() {
    let rows: &[&str] = &[
        // separators and names
        "GET / HTTP/1.1\r\nX : b\r\n\r\n",
        "GET / HTTP/1.1\r\nX\t: b\r\n\r\n",
        "GET / HTTP/1.1\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nX y: b\r\n\r\n",
        "GET / HTTP/1.1\r\nX(a): b\r\n\r\n",
        "GET / HTTP/1.1\r\nX\0: b\r\n\r\n",
        "GET / HTTP/1.1\r\nX\u{e9}: b\r\n\r\n",
        "GET / HTTP/1.1\r\n X: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\tX: b\r\n\r\n",
        "GET / HTTP/1.1\r\n \r\nX: b\r\n\r\n",
        // line ends
        "GET / HTTP/1.1\r\nX: a\rY: b\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n\rGET /admin HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "\r\rGET / HTTP/1.1\r\n\r\n",
        // the reference before 3.x lets a NUL through in a value
        "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        // request lines
        " GET / HTTP/1.1\r\n\r\n",
        "G@T / HTTP/1.1\r\n\r\n",
        "GET\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / \r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        "GET / HTTP/1.1 x\r\n\r\n",
        "GET / x HTTP/1.1\r\n\r\n",
        "GET /a\u{1}b HTTP/1.1\r\n\r\n",
        "GET /a\u{b}b HTTP/1.1\r\n\r\n",
        "GET /a#b HTTP/1.1\r\n\r\n",
        "GET /a\u{e9}b HTTP/1.1\r\n\r\n",
        "GET /a\u{7f} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.10\r\n\r\n",
        "GET / HTTP/01.1\r\n\r\n",
        "GET / HTTP/11\r\n\r\n",
        "GET / HTTP/1.\r\n\r\n",
        "GET / HTTP/1\r\n\r\n",
        "GET / HTTP/1,1\r\n\r\n",
        "GET / HTTP/1.x\r\n\r\n",
        "GET / http/1.1\r\n\r\n",
        "GET / HTTP /1.1\r\n\r\n",
        "GET / RTSP/1.0\r\n\r\n",
        "GET / HTTP/0.9\r\n\r\n",
        "\u{16}\u{3}\u{1}\r\n\r\n",
        // target forms
        "GET * HTTP/1.1\r\n\r\n",
        "OPTIONS *x HTTP/1.1\r\n\r\n",
        "GET a HTTP/1.1\r\n\r\n",
        "GET a:80 HTTP/1.1\r\n\r\n",
        "GET ?x HTTP/1.1\r\n\r\n",
        "GET ://x HTTP/1.1\r\n\r\n",
        "GET 1http://a/ HTTP/1.1\r\n\r\n",
        "GET http:/a/ HTTP/1.1\r\n\r\n",
        "GET ht_tp://a/ HTTP/1.1\r\n\r\n",
        "CONNECT a HTTP/1.1\r\n\r\n",
        "CONNECT a: HTTP/1.1\r\n\r\n",
        "CONNECT a:x HTTP/1.1\r\n\r\n",
        "CONNECT /x HTTP/1.1\r\n\r\n",
        "CONNECT http://a:80/ HTTP/1.1\r\n\r\n",
        "CONNECT * HTTP/1.1\r\n\r\n",
    ];
    for row in rows {
        assert_eq!(forward_request(row, Link::Keep), Err(400), "{row:?}");
    }
}

#[test]
fn lengths_that_can_be_read_two_ways_are_refused() {
    let values = [
        "",
        ",",
        "3,",
        ",3",
        "3,,3",
        "3 3",
        "3, 4",
        "+3",
        "-3",
        "0x3",
        "3.0",
        "3e0",
        "3;",
        "\"3\"",
        "3\u{b}",
        "x",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "340282366920938463463374607431768211459",
    ];
    for value in values {
        let head = request(&format!("Content-Length: {value}\r\n"));
        assert_eq!(forward_request(&head, Link::Keep), Err(400), "{value:?}");
    }
    let twice = request("Content-Length: 3\r\nContent-Length: 4\r\n");
    assert_eq!(forward_request(&twice, Link::Keep), Err(400));
    let bad_beside_chunked = request("Content-Length: 3x\r\nTransfer-Encoding: chunked\r\n");
    assert_eq!(forward_request(&bad_beside_chunked, Link::Keep), Err(400));
}

#[test]
fn codings_that_can_be_read_two_ways_are_refused() {
    let rows = [
        ("", 400),
        (",", 400),
        ("chunked, chunked", 400),
        ("chunked, gzip", 400),
        ("chunked, identity", 400),
        ("gzip", 400),
        ("identity", 400),
        ("xchunked", 400),
        ("chunkedx", 400),
        ("chunked;a=b", 400),
        ("\"chunked\"", 400),
        ("chunked\u{b}", 400),
        ("\u{b}chunked", 400),
        ("chunked chunked", 400),
        ("chunked, chunked, chunked", 400),
        ("gzip, chunked", 422),
        ("identity, chunked", 422),
        ("compress, deflate, chunked", 422),
        ("foo, chunked", 422),
        (",chunked", 422),
    ];
    for (value, status) in rows {
        let head = request(&format!("Transfer-Encoding: {value}\r\n"));
        assert_eq!(forward_request(&head, Link::Keep), Err(status), "{value:?}");
        let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {value}\r\n\r\n");
        assert_eq!(forward_response(&answer, Asked::default(), Link::Keep), Err(502), "{value:?}");
    }
    let lines = [
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 422),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: chunked\r\nX: y\r\ntransfer-encoding: x\r\nContent-Length: 3\r\n", 400),
    ];
    for (lines, status) in lines {
        assert_eq!(forward_request(&request(lines), Link::Keep), Err(status), "{lines:?}");
    }
}

#[test]
fn a_host_that_is_not_the_authority_is_refused() {
    let rows = [
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a:80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost:\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a:81\r\n\r\n",
        "GET http://a:80/ HTTP/1.1\r\nHost: a:81\r\n\r\n",
        "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a:080/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET https://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a@b@c/ HTTP/1.1\r\nHost: b@c\r\n\r\n",
        "GET http://a?@b/ HTTP/1.1\r\nHost: b\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:80\r\n\r\n",
        "CONNECT a:99 HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: b\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a:8\r\n\r\n",
    ];
    for row in rows {
        assert_eq!(forward_request(row, Link::Keep), Err(400), "{row:?}");
    }
}

#[test]
fn the_http2_preface_is_405_and_a_pri_request_400() {
    assert_eq!(forward_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Link::Keep), Err(405));
    assert_eq!(forward_request("PRI * HTTP/1.1\r\nHost: a\r\n\r\n", Link::Keep), Err(400));
}

#[test]
fn a_websocket_handshake_needs_its_key_and_its_answer() {
    let ask = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n";
    assert_eq!(forward_request(&format!("{ask}\r\n"), Link::Keep), Err(400));
    assert!(forward_request(&format!("{ask}Sec-WebSocket-Key: x\r\n\r\n"), Link::Keep).is_ok());
    let asked = Asked { upgrade: true, websocket: true, ..Asked::default() };
    let answer = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: upgrade\r\n";
    assert_eq!(forward_response(&format!("{answer}\r\n"), asked, Link::Keep), Err(502));
    assert!(forward_response(&format!("{answer}Sec-WebSocket-Accept: y\r\n\r\n"), asked, Link::Keep).is_ok());
}

#[test]
fn a_response_that_breaks_the_grammar_is_502() {
    let rows = [
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "RTSP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 O\rK\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\n X: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\n\r\n",
        "<html>\r\n\r\n",
    ];
    for row in rows {
        assert_eq!(forward_response(row, Asked::default(), Link::Keep), Err(502), "{row:?}");
    }
    let asked = Asked { upgrade: true, ..Asked::default() };
    assert_eq!(forward_response("HTTP/1.1 101 S\r\n\r\n", asked, Link::Keep), Err(502));
}

#[test]
fn what_is_accepted_leniently_is_forwarded_plainly() {
    let rows = [
        ("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("GET / HTTP/1.1\nHost: a\nX: b\n\n", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\nX: b\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n"),
        ("GET\t /  HTTP/1.2\r\nX:  b \r\n\r\n", "GET / HTTP/1.1\r\nX:  b \r\n\r\n"),
        ("GET / HTTP/1.9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"),
        (
            "GET / HTTP/1.1\r\nX: b\r\n c\r\n\td\r\nY: e\r\n\r\n",
            "GET / HTTP/1.1\r\nX: b   c  \td\r\nY: e\r\n\r\n",
        ),
        ("GET / HTTP/1.1\r\nX: b\n c\n\n", "GET / HTTP/1.1\r\nX: b  c\r\n\r\n"),
        ("GET / HTTP/1.1\r\nX:\r\n b\r\n\r\n", "GET / HTTP/1.1\r\nX:   b\r\n\r\n"),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding:   chunked\r\n\r\n",
        ),
        (
            "POST / HTTP/1.1\nX: y\nTransfer-Encoding: chunked,\nTransfer-Encoding:\n\n",
            "POST / HTTP/1.1\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
    ];
    for (input, output) in rows {
        assert_eq!(forward_request(input, Link::Keep).as_deref(), Ok(output), "{input:?}");
    }
    let answer = forward_response("\r\nHTTP/1.2  200\nX: y\n z\n\n", Asked::default(), Link::Close);
    assert_eq!(answer.as_deref(), Ok("HTTP/1.1 200 \r\nX: y  z\r\nconnection: close\r\n\r\n"));
}

#[test]
fn length_beside_chunked_is_dropped_and_the_client_closed() {
    let head = request("Content-Length: 3\r\nTransfer-Encoding: Chunked\r\n");
    let framing = request_framing(&head);
    assert_eq!((framing.body, framing.keep_alive, framing.server_keep_alive), (Body::Chunked, false, true));
    let forwarded = forward_request(&head, Link::Keep);
    assert_eq!(forwarded.as_deref(), Ok("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"));
    let old = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n";
    let framing = request_framing(old);
    assert_eq!((framing.body, framing.keep_alive, framing.server_keep_alive), (Body::Chunked, false, false));
    let forwarded = forward_request(old, Link::Close);
    assert_eq!(forwarded.as_deref(), Ok("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"));
}
