use super::super::Presented;
use super::*;
use crate::wire::http1::{Limits, Parsed};

const NOW_SECS: i64 = 1_795_803_822;
const OWN: ServerId = ServerId(0);

fn cookie(mode: CookieMode) -> Cookie {
    Cookie { name: "S".into(), mode, ..Cookie::default() }
}

fn context(value: Option<&str>, method: Method) -> Context<'_> {
    Context { server: Some(OWN), value: value.map(str::as_bytes), method, now_secs: NOW_SECS }
}

/// A client without a cookie, or with one of the server.
fn client(stays: bool) -> Persistence {
    let presented = if stays { Presented::Valid } else { Presented::None };
    Persistence { server: stays.then_some(OWN), presented, ..Persistence::default() }
}

/// The flag, and the lines behind the status line.
fn edit(p: &mut Persistence, cookie: &Cookie, context: Context<'_>, lines: &str) -> (char, String) {
    edit_status(p, cookie, context, 200, lines)
}

fn edit_status(
    p: &mut Persistence,
    cookie: &Cookie,
    context: Context<'_>,
    status: u16,
    lines: &str,
) -> (char, String) {
    let start = format!("HTTP/1.1 {status} X\r\n");
    let text = format!("{start}{lines}\r\n");
    let mut head = ResponseHead::default();
    assert_eq!(head.parse(text.as_bytes(), &Limits::default()), Ok(Parsed::Complete));
    let mut edits = Edits::default();
    p.edit_response(Some(cookie), context, (&head, text.as_bytes()), &mut edits);
    let mut window = text.clone().into_bytes();
    window.resize(text.len() + 512, 0);
    let applied = edits.apply(&mut window, text.len(), text.len()).expect("there is room");
    let left = String::from_utf8(window[start.len()..applied.head_len - 2].to_vec()).unwrap();
    (p.returned.letter().into(), left)
}

fn with(mode: CookieMode, stays: bool, lines: &str) -> (char, String) {
    edit(&mut client(stays), &cookie(mode), context(Some("A"), Method::Get), lines)
}

fn is(flag: char, lines: &str) -> (char, String) {
    (flag, lines.to_owned())
}

#[test]
fn insert_adds_one_unless_the_client_has_it() {
    let ours = "set-cookie: S=A; path=/\r\n";
    assert_eq!(with(CookieMode::Insert, false, "a: 1\r\n"), is('I', &format!("a: 1\r\n{ours}")));
    assert_eq!(with(CookieMode::Insert, false, "Set-Cookie: S=x\r\n"), is('I', ours));
    assert_eq!(with(CookieMode::Insert, true, "Set-Cookie: S=x\r\nb: 1\r\n"), is('D', "b: 1\r\n"));
    assert_eq!(with(CookieMode::Insert, true, "Set-Cookie: T=x\r\n"), is('N', "Set-Cookie: T=x\r\n"));
    assert_eq!(with(CookieMode::Insert, true, "Set-Cookie: S; x\r\n"), is('N', "Set-Cookie: S; x\r\n"));
    assert_eq!(with(CookieMode::Insert, true, "Set-Cookie2: S=x\r\n"), is('D', ""));
}

#[test]
fn a_server_without_a_cookie_makes_the_client_forget() {
    let dated = Cookie { attributes: "; Secure".into(), ..cookie(CookieMode::Insert) };
    assert_eq!(
        edit(&mut client(false), &dated, context(None, Method::Get), ""),
        is('I', "set-cookie: S=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/; Secure\r\n")
    );
    for mode in [CookieMode::Rewrite, CookieMode::Prefix] {
        let got = edit(&mut client(false), &cookie(mode), context(None, Method::Get), "Set-Cookie: S=x\r\n");
        assert_eq!(got, is('P', "Set-Cookie: S=x\r\n"));
    }
}

#[test]
fn postonly_and_preserve_hold_it_back() {
    let postonly = Cookie { postonly: true, ..cookie(CookieMode::Insert) };
    assert_eq!(edit(&mut client(false), &postonly, context(Some("A"), Method::Get), ""), is('N', ""));
    let got = edit(&mut client(false), &postonly, context(Some("A"), Method::Get), "Set-Cookie: S=x\r\n");
    assert_eq!(got, is('D', ""));
    let got = edit(&mut client(false), &postonly, context(Some("A"), Method::Post), "");
    assert_eq!(got, is('I', "set-cookie: S=A; path=/\r\n"));
    let preserve = Cookie { preserve: true, ..cookie(CookieMode::Insert) };
    for stays in [true, false] {
        let got =
            edit(&mut client(stays), &preserve, context(Some("A"), Method::Get), "Set-Cookie: S=x; y\r\n");
        assert_eq!(got, is('P', "Set-Cookie: S=x; y\r\n"));
    }
}

#[test]
fn rewrite_and_prefix_change_every_cookie_of_that_name() {
    let lines =
        "Set-Cookie: a=1\r\nSet-Cookie: S = x ; path=/\r\nSet-Cookie: S=\"q;x\"\r\nSet-Cookie: S=k, b=3\r\n";
    assert_eq!(
        with(CookieMode::Rewrite, false, lines),
        is('R', "Set-Cookie: a=1\r\nSet-Cookie: S=A ; path=/\r\nSet-Cookie: S=A\r\nSet-Cookie: S=A, b=3\r\n")
    );
    assert_eq!(
        with(CookieMode::Prefix, true, lines),
        is(
            'R',
            "Set-Cookie: a=1\r\nSet-Cookie: S=A~x ; path=/\r\nSet-Cookie: S=A~\"q;x\"\r\nSet-Cookie: S=A~k, b=3\r\n"
        )
    );
    assert_eq!(with(CookieMode::Rewrite, false, "Set-Cookie: a=1; S=x\r\n").0, 'N');
}

#[test]
fn indirect_takes_out_what_the_client_has_already() {
    for mode in [CookieMode::Passive, CookieMode::Prefix] {
        let cookie = Cookie { indirect: true, ..cookie(mode) };
        let get = context(Some("A"), Method::Get);
        assert_eq!(edit(&mut client(true), &cookie, get, "Set-Cookie: S=x\r\n"), is('D', ""));
        let flag = if mode == CookieMode::Prefix { 'R' } else { 'P' };
        assert_eq!(edit(&mut client(false), &cookie, get, "Set-Cookie: S=x\r\n").0, flag);
    }
}

#[test]
fn dates_are_renewed_when_they_are_old() {
    let idle = Cookie { maxidle_secs: Some(3600), ..cookie(CookieMode::Insert) };
    let life = Cookie { maxlife_secs: Some(3600), ..cookie(CookieMode::Insert) };
    let get = context(Some("A"), Method::Get);
    let dated = |last_secs, first_secs| Persistence { last_secs, first_secs, ..client(true) };
    let ours = |dates: &str| format!("set-cookie: S=A{dates}; path=/\r\n");
    assert_eq!(edit(&mut dated(0, 0), &idle, get, ""), is('U', &ours("|awnKr")));
    assert_eq!(edit(&mut dated(NOW_SECS - 4, 0), &idle, get, ""), is('U', &ours("|awnKr")));
    assert_eq!(edit(&mut dated(NOW_SECS, 0), &idle, get, ""), is('N', ""));
    assert_eq!(edit(&mut dated(NOW_SECS + 99, 0), &idle, get, ""), is('N', ""));
    assert_eq!(edit(&mut dated(0, 0), &life, get, ""), is('U', &ours("|awnKr|awnKr")));
    assert_eq!(edit(&mut dated(0, NOW_SECS - 8), &life, get, ""), is('N', ""));
    assert_eq!(edit(&mut dated(4, NOW_SECS - 8), &life, get, ""), is('U', &ours("|awnKr|awnKp")));
    let undated = cookie(CookieMode::Insert);
    assert_eq!(edit(&mut dated(4, 0), &undated, get, ""), is('U', &ours("")));
}

#[test]
fn nocache_marks_what_a_cache_might_keep() {
    let nocache = Cookie { nocache: true, ..cookie(CookieMode::Insert) };
    let marked = |method, status, lines: &str| {
        let (_, left) = edit_status(&mut client(false), &nocache, context(Some("A"), method), status, lines);
        left.ends_with("set-cookie: S=A; path=/\r\ncache-control: private\r\n")
    };
    for lines in [
        "Expires: 0\r\n",
        "ETag: x\r\n",
        "Last-Modified: x\r\n",
        "Cache-Control: MAX-AGE=3\r\n",
        "Cache-Control: public, s-maxage=3\r\n",
        "ETag: x\r\nCache-Control: private=\"x\"\r\n",
        "ETag: x\r\nPragma: foo, no-cache\r\n",
    ] {
        assert!(marked(Method::Get, 200, lines), "{lines}");
    }
    for lines in [
        "",
        "Cache-Control: public\r\n",
        "ETag: x\r\nCache-Control: no-cache\r\n",
        "Cache-Control: max-age=3\r\nCache-Control: private\r\n",
        "Cache-Control: max-age=3, s-maxage=0\r\n",
        "ETag: x\r\nPragma: NO-CACHE\r\n",
    ] {
        assert!(!marked(Method::Get, 200, lines), "{lines}");
    }
    assert!(marked(Method::Options, 501, "ETag: x\r\n") && marked(Method::Head, 204, "ETag: x\r\n"));
    assert!(!marked(Method::Put, 200, "ETag: x\r\n") && !marked(Method::Get, 302, "ETag: x\r\n"));
    let kept = edit(&mut client(true), &nocache, context(Some("A"), Method::Get), "ETag: x\r\n");
    assert_eq!(kept, is('N', "ETag: x\r\n"));
}
