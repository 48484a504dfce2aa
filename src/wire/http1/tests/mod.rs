//! Tests of the codec as a whole: heads in, forwarded bytes out.

mod body;
mod hostile;
mod parsing;
mod replies;
mod rewriting;

use super::*;

/// What becomes of a request: the forwarded head, or the status of the refusal.
fn forward_request(input: &str, link: Link) -> Result<String, u16> {
    let limits = Limits::default();
    let mut head = RequestHead::default();
    let mut window = input.as_bytes().to_vec();
    let used = window.len();
    window.resize(used * 2 + 200, 0);
    match head.parse(&window[..used], &limits) {
        Ok(Parsed::Complete) => {}
        Ok(Parsed::Partial) => panic!("incomplete: {input:?}"),
        Err(error) => return Err(error.request_status()),
    }
    let mut edits = Edits::default();
    let used = make_plain_request(&mut head, &mut window, used, &limits, &mut edits).expect("room");
    let framing = RequestFraming::of(&mut head, &window[..used], Leniency::default())
        .map_err(|error| error.request_status())?;
    request_edits(&head, &window[..used], &framing, link, &mut edits);
    let applied = edits.apply(&mut window, used, usize::from(head.head_len)).expect("room");
    Ok(String::from_utf8_lossy(&window[..applied.head_len]).into_owned())
}

/// What becomes of a response to `asked`: the forwarded head, or 502.
fn forward_response(input: &str, asked: Asked, link: Link) -> Result<String, u16> {
    let limits = Limits::default();
    let mut head = ResponseHead::default();
    let mut window = input.as_bytes().to_vec();
    let used = window.len();
    window.resize(used * 2 + 200, 0);
    match head.parse(&window[..used], &limits) {
        Ok(Parsed::Complete) => {}
        Ok(Parsed::Partial) => panic!("incomplete: {input:?}"),
        Err(error) => return Err(error.response_status()),
    }
    let mut edits = Edits::default();
    let used = make_plain_response(&mut head, &mut window, used, &limits, &mut edits).expect("room");
    let framing =
        ResponseFraming::of(&head, &window[..used], asked).map_err(|error| error.response_status())?;
    response_edits(&head, &window[..used], &framing, asked, link, &mut edits);
    let applied = edits.apply(&mut window, used, usize::from(head.head_len)).expect("room");
    Ok(String::from_utf8_lossy(&window[..applied.head_len]).into_owned())
}

fn request_framing(input: &str) -> RequestFraming {
    let mut head = RequestHead::default();
    assert_eq!(head.parse(input.as_bytes(), &Limits::default()), Ok(Parsed::Complete), "{input:?}");
    RequestFraming::of(&mut head, input.as_bytes(), Leniency::default()).expect("valid")
}

fn response_framing(input: &str, asked: Asked) -> ResponseFraming {
    let mut head = ResponseHead::default();
    assert_eq!(head.parse(input.as_bytes(), &Limits::default()), Ok(Parsed::Complete), "{input:?}");
    ResponseFraming::of(&head, input.as_bytes(), asked).expect("valid")
}
