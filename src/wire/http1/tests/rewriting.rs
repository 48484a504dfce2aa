//! What forwarding changes, and that it changes nothing else.

use super::*;

#[test]
fn a_plain_request_needs_no_edit() {
    let input =
        b"GET /a?b HTTP/1.1\r\nHost: A:80\r\nUser-AGENT: x\r\nContent-Length: 0\r\nTE: trailers\r\n\r\n";
    let mut head = RequestHead::default();
    assert_eq!(head.parse(input, &Limits::default()), Ok(Parsed::Complete));
    assert!(head.is_plain());
    let framing = RequestFraming::of(&mut head, input, Leniency::default()).expect("valid");
    assert!(framing.mend.is_empty());
    let mut edits = Edits::default();
    request_edits(&head, input, &framing, Link::Keep, &mut edits);
    assert!(edits.is_empty());
}

#[test]
fn connection_follows_version_and_link_in_requests() {
    let rows = [
        ("1.1", "", Link::Keep, ""),
        ("1.1", "", Link::Close, "connection: close\r\n"),
        ("1.0", "", Link::Keep, "connection: keep-alive\r\n"),
        ("1.0", "", Link::Close, ""),
        ("1.1", "Connection: close\r\n", Link::Keep, ""),
        ("1.1", "Connection: Keep-Alive\r\n", Link::Keep, ""),
        ("1.1", "Connection: close, foo\r\n", Link::Keep, "Connection: foo\r\n"),
        ("1.1", "Connection: foo, Keep-Alive , bar\r\n", Link::Keep, "Connection: foo, bar\r\n"),
        ("1.1", "Connection: foo\r\n", Link::Close, "Connection: foo\r\nconnection: close\r\n"),
        (
            "1.0",
            "Connection: keep-alive, foo\r\n",
            Link::Keep,
            "Connection: foo\r\nconnection: keep-alive\r\n",
        ),
        ("1.1", "Connection: close\r\nConnection: TE\r\n", Link::Keep, "Connection: TE\r\n"),
        (
            "1.1",
            "Keep-Alive: 5\r\nProxy-Connection: close\r\n",
            Link::Keep,
            "Keep-Alive: 5\r\nProxy-Connection: close\r\n",
        ),
        (
            "1.1",
            "Upgrade: f\r\nConnection: close, upgrade\r\n",
            Link::Close,
            "Upgrade: f\r\nConnection: upgrade\r\n",
        ),
        ("1.0", "Upgrade: f\r\nConnection: upgrade\r\n", Link::Keep, "Upgrade: f\r\nConnection: upgrade\r\n"),
    ];
    for (version, lines, link, expected) in rows {
        let input = format!("GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\n");
        let output = format!("GET / HTTP/{version}\r\nHost: a\r\n{expected}\r\n");
        assert_eq!(forward_request(&input, link), Ok(output), "{input:?} {link:?}");
    }
}

#[test]
fn connection_follows_both_versions_and_link_in_responses() {
    let rows = [
        (Version::V11, "1.1", Link::Keep, ""),
        (Version::V11, "1.1", Link::Close, "connection: close\r\n"),
        (Version::V10, "1.1", Link::Keep, "connection: keep-alive\r\n"),
        (Version::V10, "1.1", Link::Close, "connection: close\r\n"),
        (Version::V11, "1.0", Link::Keep, "connection: keep-alive\r\n"),
        (Version::V11, "1.0", Link::Close, ""),
        (Version::V10, "1.0", Link::Keep, "connection: keep-alive\r\n"),
        (Version::V10, "1.0", Link::Close, ""),
    ];
    for (version, server, link, expected) in rows {
        for sent in ["", "Connection: close\r\n", "Connection: keep-alive\r\n"] {
            let input = format!("HTTP/{server} 200 OK\r\n{sent}Content-Length: 2\r\n\r\n");
            let output = format!("HTTP/{server} 200 OK\r\nContent-Length: 2\r\n{expected}\r\n");
            let asked = Asked { version, ..Asked::default() };
            assert_eq!(forward_response(&input, asked, link), Ok(output), "{version:?} {input:?} {link:?}");
        }
    }
    let interim = forward_response("HTTP/1.1 103 E\r\nLink: x\r\n\r\n", Asked::default(), Link::Close);
    assert_eq!(interim.as_deref(), Ok("HTTP/1.1 103 E\r\nLink: x\r\n\r\n"));
    let asked = Asked { method: Method::Connect, ..Asked::default() };
    let tunnel = forward_response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", asked, Link::Close);
    assert_eq!(tunnel.as_deref(), Ok("HTTP/1.1 200 OK\r\n\r\n"));
}

#[test]
fn te_is_reduced_to_trailers_or_dropped() {
    let rows = [
        ("TE: trailers\r\n", "TE: trailers\r\n"),
        ("TE: trailers, gzip\r\n", "TE: trailers\r\n"),
        ("TE: x,trailers\r\n", "TE: trailers\r\n"),
        ("TE: gzip\r\nTE: trailers\r\n", "TE: trailers\r\n"),
        ("TE: gzip\r\n", ""),
        ("TE: TRAILERS\r\n", ""),
        ("TE: trailers;q=1\r\n", ""),
        ("TE: trailers ; q=1, trailers\r\n", ""),
        ("TE:\r\n", ""),
    ];
    for (lines, expected) in rows {
        let output = forward_request(&format!("GET / HTTP/1.1\r\n{lines}\r\n"), Link::Keep);
        assert_eq!(output, Ok(format!("GET / HTTP/1.1\r\n{expected}\r\n")), "{lines:?}");
    }
}

#[test]
fn equal_lengths_become_one_and_keep_the_first_value() {
    let rows = [
        ("Content-Length: 3\r\nX: y\r\nContent-Length: 3\r\n", "Content-Length: 3\r\nX: y\r\n"),
        ("Content-Length: 3, 3\r\n", "Content-Length: 3\r\n"),
        ("Content-Length: 3\t,\t03\r\n", "Content-Length: 3\r\n"),
        ("Content-Length: 000, 00\r\n", "Content-Length: 000\r\n"),
    ];
    for (lines, expected) in rows {
        let output = forward_request(&format!("POST / HTTP/1.1\r\n{lines}\r\n"), Link::Keep);
        assert_eq!(output, Ok(format!("POST / HTTP/1.1\r\n{expected}\r\n")), "{lines:?}");
    }
}

#[test]
fn targets_and_hosts_are_normalised_together() {
    let rows = [
        ("GET http://A:80/x", "a", "GET http://A/x", "A"),
        ("GET http://A:80", "a:80", "GET http://A/", "A"),
        ("GET http://u:p@a:/x", "a:80", "GET http://u:p@a/x", "a"),
        ("GET https://a:443/x", "a", "GET https://a/x", "a"),
        ("GET HTTP://a:80/x", "a", "GET HTTP://a/x", "a"),
        ("GET http://[::1]:80/x", "[::1]", "GET http://[::1]/x", "[::1]"),
        ("GET http://a:81/x", "A:81", "GET http://a:81/x", "A:81"),
        ("GET http://a/", "A:80", "GET http://a/", "A:80"),
        ("GET http://a/", "a:", "GET http://a/", "a:"),
        ("GET http://a?x", "a:80", "GET http://a?x", "a:80"),
        ("GET http://a", "a", "GET http://a/", "a"),
        ("OPTIONS http://a", "a", "OPTIONS http://a", "a"),
        ("OPTIONS *", "a", "OPTIONS *", "a"),
        ("GET /http://b:80/", "a:80", "GET /http://b:80/", "a:80"),
        ("GET //b/", "a", "GET //b/", "a"),
        ("CONNECT a:443", "a:443", "CONNECT a:443", "a"),
        ("CONNECT a:80", "a", "CONNECT a:80", "a"),
        ("CONNECT a:99", "a:99", "CONNECT a:99", "a:99"),
        ("CONNECT u@a:80", "a:80", "CONNECT u@a:80", "a"),
        ("CONNECT [::1]:80", "[::1]", "CONNECT [::1]:80", "[::1]"),
    ];
    for (line, host, line_out, host_out) in rows {
        let output = forward_request(&format!("{line} HTTP/1.1\r\nX: y\r\nHost: {host}\r\n\r\n"), Link::Keep);
        let expected = format!("{line_out} HTTP/1.1\r\nX: y\r\nHost: {host_out}\r\n\r\n");
        assert_eq!(output, Ok(expected), "{line:?} {host:?}");
    }
    let several = forward_request("GET / HTTP/1.1\r\nHost: A\r\nX: y\r\nHost: a\r\n\r\n", Link::Keep);
    assert_eq!(several.as_deref(), Ok("GET / HTTP/1.1\r\nHost: A\r\nX: y\r\n\r\n"));
    let without = forward_request("GET http://a:80/ HTTP/1.1\r\n\r\n", Link::Keep);
    assert_eq!(without.as_deref(), Ok("GET http://a/ HTTP/1.1\r\n\r\n"));
}

#[test]
fn upgrade_goes_when_the_request_has_a_body() {
    let body = "POST / HTTP/1.1\r\nUpgrade: f\r\nConnection: upgrade\r\nContent-Length: 3\r\n\r\n";
    assert!(!request_framing(body).asked.upgrade);
    let output = forward_request(body, Link::Keep);
    assert_eq!(output.as_deref(), Ok("POST / HTTP/1.1\r\nConnection: upgrade\r\nContent-Length: 3\r\n\r\n"));
    let empty = body.replace('3', "0");
    assert!(request_framing(&empty).asked.upgrade);
    assert_eq!(forward_request(&empty, Link::Keep), Ok(empty));
}

#[test]
fn a_connect_request_has_no_body() {
    let input = "CONNECT a:80 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
    let framing = request_framing(input);
    assert_eq!((framing.body, framing.keep_alive), (Body::None, false));
    assert_eq!(forward_request(input, Link::Keep).as_deref(), Ok("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"));
}

#[test]
fn edits_fit_the_window_or_change_nothing() {
    let mut window = *b"abcdef....";
    let mut edits = Edits::default();
    edits.insert(3, b"12345");
    assert_eq!(edits.apply(&mut window, 6, 4), Err(NoRoom));
    assert_eq!(&window, b"abcdef....");
    edits.clear();
    edits.insert(3, b"1234");
    assert_eq!(edits.apply(&mut window, 6, 4), Ok(Applied { head_len: 8, used: 10 }));
    assert_eq!(&window, b"abc1234def");
}

#[test]
fn edits_at_one_place_keep_their_order_and_what_is_deleted_is_not_mended() {
    let mut window = *b"abcdefgh........";
    let mut edits = Edits::default();
    edits.replace(Range16 { start: 3, end: 4 }, b"x");
    edits.insert(6, b"1");
    edits.delete(Range16 { start: 2, end: 5 });
    edits.insert(6, b"2");
    assert_eq!(edits.apply(&mut window, 8, 6), Ok(Applied { head_len: 5, used: 7 }));
    assert_eq!(&window[..7], b"abf12gh");
    edits.clear();
    edits.delete(Range16 { start: 0, end: 3 });
    edits.delete(Range16 { start: 2, end: 4 });
    assert_eq!(edits.apply(&mut window, 7, 5), Err(NoRoom));
}
