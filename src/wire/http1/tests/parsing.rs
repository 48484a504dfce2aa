//! Heads: what is found in them, however they arrive; and what framing reads from them.

use proptest::prelude::*;

use super::*;

const REQUEST: &[u8] =
    b"GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept:\r\nX-Y:\t z \r\nCOOKIE: a=b\r\ncookie: c\r\n\r\nrest";

#[test]
fn finds_every_part_of_a_request() {
    let mut head = RequestHead::default();
    assert_eq!(head.parse(REQUEST, &Limits::default()), Ok(Parsed::Complete));
    assert_eq!((head.method, head.version), (Method::Get, Version::V11));
    assert_eq!(head.method_range.of(REQUEST), b"GET");
    assert_eq!(head.target.of(REQUEST), b"/a?b=c");
    assert_eq!(head.version_range.of(REQUEST), b"HTTP/1.1");
    assert_eq!(&REQUEST[usize::from(head.head_len)..], b"rest");
    let parts: Vec<_> =
        head.headers().iter().map(|f| (f.name.of(REQUEST), f.value.of(REQUEST), f.known)).collect();
    let expected: [(&[u8], &[u8], Known); 5] = [
        (b"Host", b"example.org", Known::Host),
        (b"Accept", b"", Known::Other),
        (b"X-Y", b"z", Known::Other),
        (b"COOKIE", b"a=b", Known::Cookie),
        (b"cookie", b"c", Known::Cookie),
    ];
    assert_eq!(parts, expected);
    assert_eq!(head.headers()[2].line.of(REQUEST), b"X-Y:\t z \r\n");
    assert_eq!(head.fields.all(Known::Cookie).count(), 2);
    assert!(head.fields.has(Known::Host) && !head.fields.has(Known::Te));
    assert_eq!(head.fields.find(REQUEST, b"x-y").map(|f| f.value.of(REQUEST)), Some(&b"z"[..]));
    assert_eq!(usize::from(head.fields.end()) + 2, usize::from(head.head_len));
}

#[test]
fn finds_every_part_of_a_response() {
    let bytes = b"HTTP/1.0 404 Not Found here\r\nServer: x\r\n\r\n";
    let mut head = ResponseHead::default();
    assert_eq!(head.parse(bytes, &Limits::default()), Ok(Parsed::Complete));
    assert_eq!((head.status, head.version), (404, Version::V10));
    assert_eq!(head.status_range.of(bytes), b"404");
    assert_eq!(head.reason.of(bytes), b"Not Found here");
    assert!(head.is_plain());
    assert_eq!(usize::from(head.head_len), bytes.len());
}

#[test]
fn a_cleared_head_is_as_good_as_new_and_keeps_its_memory() {
    let mut head = RequestHead::with_capacity(101);
    let lines = head.fields.list.capacity();
    assert_eq!(head.parse(b"POST / HTTP/1.0\nA:b\n c\n\n", &Limits::default()), Ok(Parsed::Complete));
    assert!(!head.is_plain());
    head.clear();
    assert_eq!(head.parse(REQUEST, &Limits::default()), Ok(Parsed::Complete));
    assert!(head.is_plain());
    assert_eq!((head.method, head.headers().len(), head.fields.list.capacity()), (Method::Get, 5, lines));
}

#[test]
fn garbage_is_refused_before_its_first_line_ends() {
    for bytes in [&b"\x16\x03\x01\x02"[..], b"GE\0", b"@", b" "] {
        let error = RequestHead::default().parse(bytes, &Limits::default());
        assert_eq!(error.map_err(|e| e.wrong), Err(Wrong::MethodByte), "{bytes:?}");
    }
    let error = ResponseHead::default().parse(b"SSH-2.0", &Limits::default());
    assert_eq!(error, Err(HeadError { wrong: Wrong::VersionToken, at: 0 }));
}

#[test]
fn an_error_says_where() {
    let rows: [(&[u8], Wrong, u32); 5] = [
        (b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n", Wrong::NameByte, 18),
        (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", Wrong::BareCr, 20),
        (b"GET / HTTP/1.x\r\n\r\n", Wrong::VersionToken, 6),
        (b"GET /#a HTTP/1.1\r\n\r\n", Wrong::TargetByte, 5),
        (b"GET / HTTP/1.1\r\n A: b\r\n\r\n", Wrong::FoldFirst, 16),
    ];
    for (bytes, wrong, at) in rows {
        assert_eq!(RequestHead::default().parse(bytes, &Limits::default()), Err(HeadError { wrong, at }));
    }
    let open = Limits { unsafe_violations: true, ..Limits::default() };
    for accepted in [rows[3].0, b"GET /\xe9#\x80 HTTP/1.1\r\n\r\n"] {
        assert_eq!(RequestHead::default().parse(accepted, &open), Ok(Parsed::Complete));
    }
}

#[test]
fn violations_that_are_let_through_are_told() {
    let open = Limits { unsafe_violations: true, ..Limits::default() };
    let parse = |bytes: &[u8]| {
        let mut head = RequestHead::default();
        let parsed = head.parse(bytes, &open);
        (parsed, head.fields.violation().map(|e| (e.wrong, e.at)), head.headers().len())
    };
    let complete = Ok(Parsed::Complete);
    assert_eq!(parse(b"GET / HTTP/1.1\r\nA: b\r\n\r\n"), (complete, None, 1));
    assert_eq!(parse(b"GET /#a HTTP/1.1\r\n\r\n"), (complete, Some((Wrong::TargetByte, 5)), 0));
    for name in ["b d", "bd ", "b@d", "b\u{80}", "b\x01d", "b\td"] {
        let text = format!("GET / HTTP/1.1\r\n{name}: x\r\nB@D: y\r\n\r\n");
        let (parsed, violation, headers) = parse(text.as_bytes());
        assert_eq!((parsed, headers), (complete, 2), "{name:?}");
        assert_eq!(violation.map(|(wrong, _)| wrong), Some(Wrong::NameByte), "{name:?}");
    }
    for line in ["bad", ": x", " a: b", "a\0: b", "a\rb: c", "\tx: y"] {
        let text = format!("GET / HTTP/1.1\r\n{line}\r\n\r\n");
        assert!(parse(text.as_bytes()).0.is_err(), "{line:?}");
    }
}

#[test]
fn a_hundred_lines_pass_and_one_more_is_refused() {
    let lines = |n| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(n));
    assert!(forward_request(&lines(100), Link::Keep).is_ok());
    let error = RequestHead::default().parse(lines(101).as_bytes(), &Limits::default());
    assert_eq!(error.map_err(|e| e.wrong), Err(Wrong::HeaderCount));
}

#[test]
fn a_head_longer_than_the_limit_is_refused_as_soon_as_that_is_sure() {
    let limits = Limits { head_len_max: 40, ..Limits::default() };
    let whole = |n| format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(n));
    assert_eq!(whole(17).len(), 40);
    assert_eq!(RequestHead::default().parse(whole(17).as_bytes(), &limits), Ok(Parsed::Complete));
    let error = RequestHead::default().parse(&whole(18).as_bytes()[..40], &limits);
    assert_eq!(error, Err(HeadError { wrong: Wrong::HeadLength, at: 40 }));
    assert_eq!(RequestHead::default().parse(&whole(18).as_bytes()[..39], &limits), Ok(Parsed::Partial));
}

#[test]
fn keep_alive_depends_on_version_and_tokens() {
    let rows = [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: foo, CLOSE\r\n", false),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
        ("1.0", "Proxy-Connection: keep-alive\r\n", false),
    ];
    for (version, lines, expected) in rows {
        let framing = request_framing(&format!("GET / HTTP/{version}\r\n{lines}\r\n"));
        assert_eq!(framing.keep_alive, expected, "{version} {lines:?}");
    }
}

#[test]
fn expect_counts_only_with_a_body_and_in_http_1_1() {
    let of =
        |version, lines| request_framing(&format!("POST / HTTP/{version}\r\n{lines}\r\n")).expect_continue;
    assert!(of("1.1", "Expect: 100-Continue\r\nContent-Length: 3\r\n"));
    assert!(!of("1.1", "Expect: 100-continue\r\n"));
    assert!(!of("1.1", "Expect: other\r\nContent-Length: 3\r\n"));
    assert!(!of("1.0", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
}

#[test]
fn response_bodies_depend_on_what_was_asked() {
    let get = Asked::default();
    let head = Asked { method: Method::Head, ..get };
    let connect = Asked { method: Method::Connect, ..get };
    let upgrade = Asked { upgrade: true, ..get };
    let rows = [
        (get, "200 OK\r\nContent-Length: 2", Body::Length(2), true, true),
        (get, "200 OK\r\nTransfer-Encoding: chunked", Body::Chunked, true, true),
        (get, "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2", Body::Chunked, false, true),
        (get, "200 OK", Body::UntilClose, false, false),
        (get, "200 OK\r\nConnection: close\r\nContent-Length: 2", Body::Length(2), false, true),
        (get, "204 No\r\nContent-Length: 2", Body::None, true, true),
        (get, "304 Not\r\nContent-Length: 2", Body::None, true, true),
        (head, "200 OK\r\nContent-Length: 2", Body::None, true, true),
        (head, "200 OK", Body::None, true, true),
        (connect, "200 OK\r\nContent-Length: 2", Body::Tunnel, false, false),
        (connect, "403 No\r\nContent-Length: 2", Body::Length(2), true, true),
        (upgrade, "101 S\r\nConnection: upgrade\r\nUpgrade: f", Body::Tunnel, false, false),
        (get, "100 C", Body::None, true, true),
    ];
    for (asked, lines, body, keep, client) in rows {
        let framing = response_framing(&format!("HTTP/1.1 {lines}\r\n\r\n"), asked);
        let found = (framing.body, framing.keep_alive, framing.client_keep_alive);
        assert_eq!(found, (body, keep, client), "{lines:?}");
        assert_eq!(framing.interim, lines.starts_with("100"), "{lines:?}");
    }
    let old = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n";
    let framing = response_framing(old, get);
    assert_eq!((framing.body, framing.keep_alive, framing.client_keep_alive), (Body::Chunked, false, false));
}

/// Bytes that are nearly a head: pieces that matter, in any order.
fn nearly_a_head() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "GET ",
        "/",
        " HTTP/1.1",
        " HTTP/1.0",
        "\r\n",
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        ":",
        "Host: a",
        "Host",
        "a: b",
        "Content-Length: 3",
        "Transfer-Encoding: chunked",
        ", ",
        "x",
        "\0",
        "\u{e9}",
        "HTTP/1.1 200 OK",
        "\r\n\r\n",
    ]);
    (any::<bool>(), prop::collection::vec(piece, 0..24)).prop_map(|(started, pieces)| {
        let start = if started { "GET / HTTP/1.1\r\n" } else { "" };
        [start, &pieces.concat(), "\r\n\r\n"].concat().into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_reads_the_same_in_any_split(bytes in nearly_a_head(), step in 1usize..9) {
        let mut whole = RequestHead::default();
        let expected = whole.parse(&bytes, &Limits::default());
        let mut split = RequestHead::default();
        let mut end = 0;
        let result = loop {
            end = (end + step).min(bytes.len());
            let result = split.parse(&bytes[..end], &Limits::default());
            if end == bytes.len() || result != Ok(Parsed::Partial) {
                break result;
            }
        };
        prop_assert_eq!(result, expected);
        prop_assert_eq!(split.headers(), whole.headers());
        prop_assert_eq!((split.target, split.head_len), (whole.target, whole.head_len));
        if expected.is_ok() {
            prop_assert_eq!(split.is_plain(), whole.is_plain());
        }
    }

    #[test]
    fn a_response_reads_the_same_in_any_split(bytes in nearly_a_head(), step in 1usize..9) {
        let bytes = [b"HTTP/1.1 200 OK\r\n", &bytes[..]].concat();
        let mut whole = ResponseHead::default();
        let expected = whole.parse(&bytes, &Limits::default());
        let mut split = ResponseHead::default();
        let mut end = 0;
        let result = loop {
            end = (end + step).min(bytes.len());
            let result = split.parse(&bytes[..end], &Limits::default());
            if end == bytes.len() || result != Ok(Parsed::Partial) {
                break result;
            }
        };
        prop_assert_eq!(result, expected);
        prop_assert_eq!(split.headers(), whole.headers());
    }

    #[test]
    fn httparse_agrees_on_what_both_accept(bytes in nearly_a_head()) {
        let mut lines = [httparse::EMPTY_HEADER; 128];
        let mut theirs = httparse::Request::new(&mut lines);
        let mut ours = RequestHead::default();
        if let (Ok(httparse::Status::Complete(len)), Ok(Parsed::Complete)) =
            (theirs.parse(&bytes), ours.parse(&bytes, &Limits::default()))
        {
            prop_assert_eq!(len, usize::from(ours.head_len));
            prop_assert_eq!(theirs.path.map(str::as_bytes), Some(ours.target.of(&bytes)));
            let ours: Vec<_> = ours.headers().iter().map(|f| (f.name.of(&bytes), f.value.of(&bytes))).collect();
            let theirs: Vec<_> = theirs.headers.iter().map(|h| (h.name.as_bytes(), h.value)).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
