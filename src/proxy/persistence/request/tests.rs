use super::super::Returned;
use super::*;
use crate::base::ids::ServerId;
use crate::wire::http1::{Limits, Parsed};

const NOW_SECS: i64 = 1_795_803_822;

fn cookie(mode: CookieMode, indirect: bool) -> Cookie {
    Cookie { name: "S".into(), mode, indirect, ..Cookie::default() }
}

/// Servers `A` and `B` are up, `D` is down.
fn find(value: &[u8]) -> Named {
    match value {
        b"A" => Named::Server { id: ServerId(0), up: true },
        b"B" => Named::Server { id: ServerId(1), up: true },
        b"D" => Named::Down,
        _ => Named::Nobody,
    }
}

/// What becomes of cookie lines: the state, and the head that the server sees, without its request line.
fn read(cookie: Option<&Cookie>, lines: &[&str]) -> (Persistence, String) {
    let fields: String = lines.iter().map(|line| format!("Cookie: {line}\r\n")).collect();
    let text = format!("GET / HTTP/1.1\r\n{fields}\r\n");
    let mut head = RequestHead::default();
    assert_eq!(head.parse(text.as_bytes(), &Limits::default()), Ok(Parsed::Complete));
    let mut persistence = Persistence::default();
    let mut edits = Edits::default();
    persistence.read_request(cookie, (&head, text.as_bytes()), &mut edits, NOW_SECS, find);
    let mut window = text.clone().into_bytes();
    window.resize(text.len() * 2 + 64, 0);
    let applied = edits.apply(&mut window, text.len(), text.len()).expect("there is room");
    window.truncate(applied.head_len);
    let left = String::from_utf8(window).unwrap();
    (persistence, left.trim_start_matches("GET / HTTP/1.1\r\n").trim_end_matches("\r\n").to_owned())
}

/// The flag, and what is left of one line.
fn indirect(line: &str) -> (char, String) {
    let (persistence, left) = read(Some(&cookie(CookieMode::Insert, true)), &[line]);
    (persistence.presented.letter().into(), left.trim_start_matches("Cookie: ").to_owned())
}

#[test]
fn the_cookie_is_taken_out_of_its_line() {
    for (line, left) in [
        ("S=A", ""),
        ("a=1; S=B; b=2", "a=1; b=2"),
        ("a=1;S=B;b=2", "a=1; b=2"),
        ("a=1 ;  S = B ; b=2", "a=1; b=2"),
        ("S=B; b=2", "b=2"),
        ("a=1; S=B", "a=1"),
        ("a=1 ; S=A", "a=1 "),
        ("a=1; S=B;", "a=1; "),
        ("S=A;", ""),
        (";S=B", ""),
        (";S=A;b", "b"),
        (";;S=A;;", ";; ;"),
        ("S=B; ; b=1", "; b=1"),
        ("a=1, S=B", "a=1"),
        ("a=1 ; S=A , b=2", "a=1, b=2"),
        ("a,;S=A;,b", "a,; ,b"),
        ("S=A;S=A;;S=A;b", "b"),
        ("a=1; S=B;; S=A; d", "a=1;; d"),
        ("a=1; S=B;c=3; S=A ;d=4", "a=1; c=3; d=4"),
        ("a = ; S=A", "a="),
        ("= ; S = A ; x", "=; x"),
        ("a=\"1;2\"; S=B", "a=\"1;2\""),
        ("b=\"x\\\"; S=A\"; S=B", "b=\"x\\\"; S=A\""),
    ] {
        assert_eq!(indirect(line), ('V', left.to_owned()), "{line}");
    }
}

#[test]
fn attributes_go_with_their_cookie() {
    for (line, left) in [
        ("$Version=1; S=B; $Path=/; c=1", "$Version=1; c=1"),
        ("$Version=1; S=A", ""),
        ("$Version=1; S=A;", "$Version=1; "),
        ("$Version=1; a=1; S=A; $Path=/", "$Version=1; a=1"),
        ("a=1; $Path=/; S=A; b=1", "a=1; $Path=/; b=1"),
        ("$v = 1; S = A; $p = 2;b", "$v = 1; b"),
        ("S=A; $Path=/; ;b", ";b"),
    ] {
        assert_eq!(indirect(line), ('V', left.to_owned()), "{line}");
    }
}

#[test]
fn the_first_value_that_names_a_server_counts() {
    for (line, flag) in [
        ("S=Z; S=B", 'V'),
        ("S=Z; S=Y", 'I'),
        ("S=D; S=A", 'V'),
        ("S=D; S=Z", 'D'),
        ("S=Z; S=D", 'D'),
        ("S=", 'I'),
        ("S==A", 'I'),
        ("S=\"A\"", 'I'),
        ("S", 'N'),
        ("s=A; SX=A; XS=A", 'N'),
    ] {
        assert_eq!(indirect(line).0, flag, "{line}");
    }
    let (persistence, _) = read(Some(&cookie(CookieMode::Insert, true)), &["S=B", "S=A"]);
    assert_eq!(persistence.server(), Some(ServerId(1)));
}

#[test]
fn a_line_that_holds_nothing_else_goes_and_others_stay() {
    let (_, left) = read(Some(&cookie(CookieMode::Insert, true)), &["a=1", "S=B", "c=2"]);
    assert_eq!(left, "Cookie: a=1\r\nCookie: c=2");
    let (_, left) = read(Some(&cookie(CookieMode::Insert, false)), &["a = 1; S = B"]);
    assert_eq!(left, "Cookie: a=1; S=B");
    assert_eq!(read(None, &["a = 1; $v = 2"]).1, "Cookie: a=1; $v = 2");
}

#[test]
fn a_prefix_is_hidden_from_the_server() {
    for (line, flag, left) in [
        ("a=1; S=A~val; b=2", 'V', "a=1; S=val; b=2"),
        ("S=A", 'V', "S=A"),
        ("S=A~", 'V', "S="),
        ("S=Z~val", 'I', "S=val"),
        ("S=~val", 'I', "S=val"),
        ("S=A~x~y", 'V', "S=x~y"),
        ("S=A|awnKr~x", 'I', "S=x"),
        ("S=A~x; S=B~y", 'V', "S=x; S=y"),
        ("S=\"A~x\"", 'I', "S=x\""),
    ] {
        let (persistence, seen) = read(Some(&cookie(CookieMode::Prefix, false)), &[line]);
        assert_eq!(
            (persistence.presented.letter().into(), seen),
            (flag, format!("Cookie: {left}")),
            "{line}"
        );
    }
}

#[test]
fn dates_decide_whether_a_cookie_counts() {
    let date = |secs: i64| {
        let mut text = Vec::new();
        dates::write(&mut text, NOW_SECS + secs);
        String::from_utf8(text).unwrap()
    };
    let cookie =
        Cookie { maxidle_secs: Some(3600), maxlife_secs: Some(7200), ..cookie(CookieMode::Insert, false) };
    for (line, flag) in [
        (format!("S=A{}", date(-3000)), 'V'),
        (format!("S=A{}", date(-4000)), 'E'),
        (format!("S=A{}", date(86_300)), 'V'),
        (format!("S=A{}", date(86_500)), 'E'),
        (format!("S=A{}{}", date(-8), date(-7000)), 'V'),
        (format!("S=A{}{}", date(-8), date(-7300)), 'O'),
        (format!("S=A{}{}", date(-4000), date(-7300)), 'O'),
        (format!("S=A|{}", date(-7300)), 'O'),
        (format!("S=Z; S=A{}", date(-4000)), 'E'),
        (format!("S=A{}; S=B", date(-4000)), 'V'),
        (format!("S=A{}; S=D", date(-4000)), 'D'),
        (format!("S=A{}; S=Z", date(-4000)), 'E'),
        ("S=A|xx|".to_owned(), 'V'),
    ] {
        assert_eq!(char::from(read(Some(&cookie), &[&line]).0.presented.letter()), flag, "{line}");
    }
    let (persistence, _) = read(Some(&cookie), &[&format!("S=A{}{}", date(-4000), date(-100))]);
    assert_eq!((persistence.last_secs, persistence.first_secs, persistence.server()), (0, 0, None));
}

#[test]
fn a_cleared_exchange_knows_nothing() {
    let (mut persistence, _) = read(Some(&cookie(CookieMode::Insert, true)), &["S=A"]);
    persistence.give_up_server();
    assert_eq!((persistence.server(), persistence.flags()), (None, *b"DN"));
    persistence.returned = Returned::Deleted;
    persistence.clear();
    assert_eq!(persistence.flags(), *b"NN");
    persistence.give_up_server();
    assert_eq!(persistence.flags(), *b"NN");
}
