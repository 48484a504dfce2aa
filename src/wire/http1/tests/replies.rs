//! The built-in answers.

use super::*;

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn an_early_400_is_that_of_the_reference() {
    let answer = builtin(400).expect("built in");
    assert_eq!(
        text(|out| answer.write_early(out)),
        "HTTP/1.1 400 Bad request\r\nContent-length: 90\r\nCache-Control: no-cache\r\nConnection: close\r\n\
         Content-Type: text/html\r\n\r\n\
         <html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n"
    );
    let answer = text(|out| builtin(422).expect("built in").write_early(out));
    assert!(answer.starts_with(
        "HTTP/1.1 422 Unprocessable Content\r\nContent-length: 116\r\nCache-Control: no-cache\r\nContent-Type: text/html\r\n\r\n"
    ));
}

#[test]
fn a_late_503_is_that_of_the_reference() {
    let answer = builtin(503).expect("built in");
    let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 107\r\ncache-control: no-cache\r\n\
                content-type: text/html\r\n";
    let body = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n\
                </body></html>\n";
    let write = |version, link, head_only| text(|out| answer.write(out, version, link, head_only));
    assert_eq!(write(Version::V11, Link::Keep, false), format!("{head}\r\n{body}"));
    assert_eq!(write(Version::V11, Link::Close, false), format!("{head}connection: close\r\n\r\n{body}"));
    assert_eq!(write(Version::V10, Link::Keep, false), format!("{head}connection: keep-alive\r\n\r\n{body}"));
    assert_eq!(write(Version::V10, Link::Close, true), format!("{head}connection: close\r\n\r\n"));
}

#[test]
fn lengths_are_those_of_the_reference_and_of_the_bodies() {
    let known = [
        (200, 58),
        (400, 90),
        (401, 112),
        (403, 93),
        (404, 83),
        (405, 146),
        (407, 112),
        (408, 110),
        (410, 114),
        (413, 106),
        (421, 104),
        (422, 116),
        (425, 80),
        (429, 117),
        (500, 97),
        (501, 136),
        (502, 107),
        (503, 107),
        (504, 92),
    ];
    for (status, length) in known {
        assert_eq!(builtin(status).map(Builtin::body_len), Some(length), "{status}");
    }
    for row in builtins() {
        assert_eq!(text(|out| row.write_body(out)).len(), row.body_len(), "{}", row.status);
    }
    assert_eq!(builtin(418), None);
}
