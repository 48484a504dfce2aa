//! Chunked bodies.

use proptest::prelude::*;

use super::*;

/// Walks `bytes` in steps: forwarded bytes, data bytes, done; or what is wrong.
fn walk(bytes: &[u8], step: usize) -> Result<(usize, usize, bool), Wrong> {
    let mut parser = ChunkParser::default();
    let (mut from, mut end, mut data) = (0, 0, 0);
    loop {
        end = (end + step).min(bytes.len());
        let walk = parser.walk(&bytes[from..end], &ChunkLimits::default()).map_err(|e| e.wrong)?;
        from += walk.forward;
        data += walk.data;
        if walk.done || end == bytes.len() {
            assert_eq!(walk.done, parser.is_done());
            return Ok((from, data, walk.done));
        }
    }
}

#[test]
fn whole_bodies_end_where_they_end() {
    let rows: [(&str, usize); 9] = [
        ("0\r\n\r\n", 0),
        ("3\r\nabc\r\n0\r\n\r\n", 3),
        ("A\r\n0123456789\r\n00\r\n\r\n", 10),
        ("a\r\n0123456789\r\n3\r\n\r\n\r\r\n0\r\n\r\n", 13),
        ("3;x=y\r\nabc\r\n0;z\r\n\r\n", 3),
        ("3 ; x=\"y z\"\r\nabc\r\n0\t\r\n\r\n", 3),
        ("0000000000000003\r\nabc\r\n0\r\n\r\n", 3),
        ("0\r\nX: y\r\n\r\n", 0),
        ("1\r\na\r\n0\r\nX: y\r\nZ:\r\n\r\n", 1),
    ];
    for (body, data) in rows {
        let bytes = [body, "GET / HTTP/1.1\r\n"].concat();
        assert_eq!(walk(bytes.as_bytes(), bytes.len()), Ok((body.len(), data, true)), "{body:?}");
        assert_eq!(walk(bytes.as_bytes(), 1), Ok((body.len(), data, true)), "{body:?}");
    }
}

#[test]
fn framing_that_can_be_read_two_ways_is_refused() {
    let long = format!("3;{}\r\nabc", "x".repeat(9000));
    let long_trailer = format!("0\r\nX: {}", "y".repeat(16000));
    let rows: [(&str, Wrong); 40] = [
        ("\r\n3\r\nabc", Wrong::ChunkSize),
        (" 3\r\nabc", Wrong::ChunkSize),
        ("+3\r\nabc", Wrong::ChunkSize),
        ("-3\r\nabc", Wrong::ChunkSize),
        ("0x3\r\nabc", Wrong::ChunkSize),
        ("g\r\nabc", Wrong::ChunkSize),
        (";x\r\nabc", Wrong::ChunkSize),
        ("3_0\r\nabc", Wrong::ChunkSize),
        ("3,3\r\nabc", Wrong::ChunkSize),
        ("3\u{b}\r\nabc", Wrong::ChunkSize),
        ("\u{ff13}\r\nabc", Wrong::ChunkSize),
        ("10000000000000\r\n", Wrong::ChunkSize),
        ("7fffffffffffffff\r\n", Wrong::ChunkSize),
        ("8000000000000000\r\n", Wrong::ChunkSize),
        ("ffffffffffffffff\r\n", Wrong::ChunkSize),
        ("fffffffffffffffe\r\n", Wrong::ChunkSize),
        ("10000000000000000\r\n", Wrong::ChunkSize),
        ("10000000000000003\r\nabc", Wrong::ChunkSize),
        ("00000000000000003\r\nabc", Wrong::ChunkSize),
        ("3\nabc\r\n", Wrong::ChunkSize),
        ("3\rabc\r\n", Wrong::BareCr),
        ("3\r\r\nabc", Wrong::BareCr),
        ("3;x\ny\r\nabc", Wrong::ChunkExtension),
        ("3;x\r y\r\nabc", Wrong::BareCr),
        ("3;\0\r\nabc", Wrong::ChunkExtension),
        ("3;\u{7f}\r\nabc", Wrong::ChunkExtension),
        ("3;x\n", Wrong::ChunkExtension),
        ("3 x\r\nabc", Wrong::ChunkExtension),
        ("3 3\r\nabc", Wrong::ChunkExtension),
        (&long, Wrong::ChunkExtension),
        ("3\r\nabcd\r\n", Wrong::ChunkEnd),
        ("3\r\nabc0\r\n\r\n", Wrong::ChunkEnd),
        ("3\r\nabc\n0\r\n\r\n", Wrong::ChunkEnd),
        ("3\r\nabc\rX", Wrong::ChunkEnd),
        ("0\r\nX y\r\n\r\n", Wrong::Trailer),
        ("0\r\n X: y\r\n\r\n", Wrong::Trailer),
        ("0\r\nX: y\n\n", Wrong::Trailer),
        ("0\r\nX: y\r\n z\r\n\r\n", Wrong::Trailer),
        ("0\r\nContent-Length: 5\r\n\r\n", Wrong::Trailer),
        (&long_trailer, Wrong::Trailer),
    ];
    for (body, wrong) in rows {
        assert_eq!(walk(body.as_bytes(), body.len()), Err(wrong), "{body:?}");
        assert_eq!(walk(body.as_bytes(), 1), Err(wrong), "{body:?}");
    }
}

#[test]
fn data_is_counted_and_can_pass_unseen() {
    let mut parser = ChunkParser::default();
    let limits = ChunkLimits::default();
    let first = parser.walk(b"fffffffffffff\r\nabc", &limits).expect("valid");
    assert_eq!(first, Walk { forward: 18, data_left: (1 << 52) - 4, data: 3, done: false });
    parser.skip_data((1 << 52) - 4);
    let last = parser.walk(b"\r\n0\r\n\r\nnext", &limits).expect("valid");
    assert_eq!(last, Walk { forward: 7, data_left: 0, data: 0, done: true });
    parser.skip_data(1);
    assert!(parser.is_done());
}

#[test]
fn an_incomplete_line_is_kept_back() {
    let mut parser = ChunkParser::default();
    let walk = parser.walk(b"3\r\nabc\r\n1", &ChunkLimits::default()).expect("valid");
    assert_eq!(walk, Walk { forward: 8, data_left: 0, data: 3, done: false });
}

fn nearly_chunked() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "3\r\nabc\r\n",
        "1\r\nx\r\n",
        "0\r\n",
        "\r\n",
        "a;b=c\r\n0123456789\r\n",
        "X: y\r\n",
        "3",
        "\n",
        "\r",
        ";",
        " ",
        "5 ;\"x\"\r\n\r\n\r\n\r\r\n",
        "Z: ",
        "\0",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_chunked_body_reads_the_same_in_any_split(bytes in nearly_chunked(), step in 1usize..7) {
        prop_assert_eq!(walk(&bytes, step), walk(&bytes, bytes.len().max(1)));
    }
}
