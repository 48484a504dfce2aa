//! Any bytes as cookies: no panic, the parts of a pair stand in its text in order, and a request or response whose
//! cookies were read is written as one that parses again, in which the persistence cookie is as the mode says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::base::ids::ServerId;
use subflow::proxy::persistence::{Context, Named, Persistence};
use subflow::settings::{Cookie, CookieMode};
use subflow::wire::http1::{Edits, Limits, Method, Parsed, RequestHead, ResponseHead, pairs, set_cookie};

const NOW_SECS: i64 = 1_795_803_822;

fuzz_target!(|input: &[u8]| {
    let Some((&seed, value)) = input.split_first() else { return };
    let mut texts = 0;
    for (pair, text) in pairs(value) {
        let parts = pair.lead.len() + pair.name.len() + pair.value.map_or(0, <[u8]>::len) + pair.trail.len();
        assert!(parts <= text.len());
        texts += text.len() + usize::from(pair.delimiter.is_some());
    }
    assert_eq!(texts, value.len());
    if let Some((pair, behind)) = set_cookie(value) {
        assert!(pair.name.len() + behind.len() < value.len());
    }
    let modes = [CookieMode::Passive, CookieMode::Rewrite, CookieMode::Insert, CookieMode::Prefix];
    let cookie = Cookie {
        name: "S".into(),
        mode: modes[usize::from(seed & 3)],
        indirect: seed & 4 != 0,
        preserve: seed & 8 != 0,
        nocache: seed & 16 != 0,
        maxidle_secs: (seed & 32 != 0).then_some(3600),
        maxlife_secs: (seed & 64 != 0).then_some(7200),
        ..Cookie::default()
    };
    let mut persistence = Persistence::default();
    request(&mut persistence, &cookie, value);
    response(&mut persistence, &cookie, value);
});

fn find(value: &[u8]) -> Named {
    match value {
        b"A" => Named::Server { id: ServerId(0), up: true },
        b"D" => Named::Down,
        _ => Named::Nobody,
    }
}

/// The bytes after `edits`.
fn apply(edits: &mut Edits, text: &[u8], head_len: usize) -> Vec<u8> {
    let mut window = vec![0; text.len() * 2 + 256];
    window[..text.len()].copy_from_slice(text);
    let applied = edits.apply(&mut window, text.len(), head_len).expect("edits never overlap, and there is room");
    window.truncate(applied.head_len);
    window
}

fn request(persistence: &mut Persistence, cookie: &Cookie, value: &[u8]) {
    let text = [b"GET / HTTP/1.1\r\nCookie: ", value, b"\r\n\r\n"].concat();
    let mut head = RequestHead::default();
    if head.parse(&text, &Limits::default()) != Ok(Parsed::Complete) || !head.is_plain() {
        return;
    }
    let mut edits = Edits::default();
    persistence.read_request(Some(cookie), (&head, &text), &mut edits, NOW_SECS, find);
    let after = apply(&mut edits, &text, usize::from(head.head_len));
    let mut again = RequestHead::default();
    assert_eq!(again.parse(&after, &Limits::default()), Ok(Parsed::Complete));
    if cookie.mode == CookieMode::Insert && cookie.indirect {
        let left = again.headers().iter().filter(|field| field.name.of(&after).eq_ignore_ascii_case(b"cookie"));
        let named = left.flat_map(|field| pairs(field.value.of(&after))).filter(|(pair, _)| pair.name == b"S");
        assert_eq!(named.filter(|(pair, _)| pair.value.is_some()).count(), 0);
    }
}

fn response(persistence: &mut Persistence, cookie: &Cookie, value: &[u8]) {
    let text = [b"HTTP/1.1 200 OK\r\nSet-Cookie: ", value, b"\r\n\r\n"].concat();
    let mut head = ResponseHead::default();
    if head.parse(&text, &Limits::default()) != Ok(Parsed::Complete) || !head.is_plain() {
        return;
    }
    let context = Context { server: Some(ServerId(0)), value: Some(b"A"), method: Method::Get, now_secs: NOW_SECS };
    let mut edits = Edits::default();
    persistence.edit_response(Some(cookie), context, (&head, &text), &mut edits);
    let after = apply(&mut edits, &text, usize::from(head.head_len));
    let mut again = ResponseHead::default();
    assert_eq!(again.parse(&after, &Limits::default()), Ok(Parsed::Complete));
}
