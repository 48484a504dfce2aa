//! Any bytes as a request and as a response: no panic, the same result in any split, and what is forwarded reads the
//! same when it is parsed again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::wire::http1::{
    Asked, Edits, HeadError, Leniency, Limits, Link, Parsed, RequestFraming, RequestHead, ResponseFraming, ResponseHead,
    make_plain_request, make_plain_response, request_edits, response_edits,
};

fuzz_target!(|input: &[u8]| {
    let Some((&seed, bytes)) = input.split_first() else { return };
    request(bytes, usize::from(seed));
    response(bytes, usize::from(seed));
});

fn request_in_steps(bytes: &[u8], step: usize) -> (RequestHead, Result<Parsed, HeadError>) {
    let mut head = RequestHead::default();
    let mut end = 0;
    loop {
        end = (end + step).min(bytes.len());
        let result = head.parse(&bytes[..end], &Limits::default());
        if end == bytes.len() || result != Ok(Parsed::Partial) {
            return (head, result);
        }
    }
}

fn request(bytes: &[u8], seed: usize) {
    let (mut head, whole) = request_in_steps(bytes, bytes.len().max(1));
    let (split, parts) = request_in_steps(bytes, seed % 7 + 1);
    assert_eq!(whole.map_err(|e| e.wrong), parts.map_err(|e| e.wrong));
    if whole != Ok(Parsed::Complete) {
        return;
    }
    assert_eq!(head.headers(), split.headers());
    let mut window = vec![0; bytes.len() * 4 + 64];
    window[..bytes.len()].copy_from_slice(bytes);
    let mut edits = Edits::default();
    let Ok(used) = make_plain_request(&mut head, &mut window, bytes.len(), &Limits::default(), &mut edits) else {
        return;
    };
    assert!(head.is_plain());
    let leniency = Leniency { unsafe_violations: seed & 16 != 0, payload_with_any_method: seed & 32 != 0 };
    let Ok(before) = RequestFraming::of(&mut head, &window[..used], leniency) else { return };
    let link = if seed & 8 == 0 { Link::Keep } else { Link::Close };
    request_edits(&head, &window[..used], &before, link, &mut edits);
    let Ok(applied) = edits.apply(&mut window, used, usize::from(head.head_len)) else { return };
    let mut again = RequestHead::default();
    let limits = Limits { header_count_max: 1000, head_len_max: u16::MAX, ..Limits::default() };
    assert_eq!(again.parse(&window[..applied.head_len], &limits), Ok(Parsed::Complete));
    assert_eq!(usize::from(again.head_len), applied.head_len);
    let after = RequestFraming::of(&mut again, &window[..applied.head_len], leniency)
        .expect("what is forwarded is valid");
    assert_eq!((before.body, before.asked), (after.body, after.asked));
}

fn response(bytes: &[u8], seed: usize) {
    let mut head = ResponseHead::default();
    if head.parse(bytes, &Limits::default()) != Ok(Parsed::Complete) {
        return;
    }
    let asked = Asked { upgrade: seed & 16 != 0, ..Asked::default() };
    let mut window = vec![0; bytes.len() * 4 + 64];
    window[..bytes.len()].copy_from_slice(bytes);
    let mut edits = Edits::default();
    let Ok(used) = make_plain_response(&mut head, &mut window, bytes.len(), &Limits::default(), &mut edits) else {
        return;
    };
    assert!(head.is_plain());
    let Ok(before) = ResponseFraming::of(&head, &window[..used], asked) else { return };
    let link = if seed & 8 == 0 { Link::Keep } else { Link::Close };
    response_edits(&head, &window[..used], &before, asked, link, &mut edits);
    let Ok(applied) = edits.apply(&mut window, used, usize::from(head.head_len)) else { return };
    let mut again = ResponseHead::default();
    let limits = Limits { header_count_max: 1000, head_len_max: u16::MAX, ..Limits::default() };
    assert_eq!(again.parse(&window[..applied.head_len], &limits), Ok(Parsed::Complete));
    let after = ResponseFraming::of(&again, &window[..applied.head_len], asked).expect("what is forwarded is valid");
    assert_eq!((before.body, before.interim), (after.body, after.interim));
}
