//! Just enough of HTTP/1 to cut a byte stream into messages and to compare them: names in lower case (the
//! reference sends them so, subflow keeps what came), blanks around values dropped (the same), chunks joined.
//! Lenient on purpose: it judges nothing.

/// What ends a message whose head names neither length nor chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRule {
    /// A request: no body.
    Request,
    /// A response to anything but HEAD: 1xx, 204 and 304 have no body, others run to the end.
    Response,
    /// A response to HEAD, or one to CONNECT or an upgrade: the head is all.
    HeadOnly,
}

fn head_len(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

fn field(head: &str, name: &str) -> Option<String> {
    head.lines().skip(1).find_map(|line| {
        let (left, right) = line.split_once(':')?;
        left.eq_ignore_ascii_case(name).then(|| right.trim().to_ascii_lowercase())
    })
}

/// The chunked body at the start of `bytes`: its length on the wire, the joined data and the trailers.
fn chunked(bytes: &[u8]) -> Option<(usize, Vec<u8>, String)> {
    let mut at = 0;
    let mut joined = Vec::new();
    loop {
        let line_len = bytes.get(at..)?.windows(2).position(|w| w == b"\r\n")?;
        let line = String::from_utf8_lossy(&bytes[at..at + line_len]).into_owned();
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        at += line_len + 2;
        if size == 0 {
            break;
        }
        joined.extend_from_slice(bytes.get(at..at + size)?);
        at += size + 2;
    }
    let rest = bytes.get(at..)?;
    if rest.starts_with(b"\r\n") {
        return Some((at + 2, joined, String::new()));
    }
    let len = head_len(rest)?;
    Some((at + len, joined, plain_fields(&String::from_utf8_lossy(&rest[..len - 2]))))
}

/// The chunked body at the start of `bytes`, if it is whole: the joined data and the trailers as text.
pub fn chunks(bytes: &[u8]) -> Option<String> {
    let (_, joined, trailers) = chunked(bytes)?;
    Some(format!("[{} chunked bytes]{}{trailers}", joined.len(), String::from_utf8_lossy(&joined)))
}

fn plain_fields(lines: &str) -> String {
    let lower = |line: &str| match line.split_once(':') {
        Some((name, value)) => format!("{}: {}", name.to_ascii_lowercase(), value.trim()),
        None => line.to_owned(),
    };
    lines.split("\r\n").map(lower).collect::<Vec<_>>().join("\r\n")
}

/// The length of the complete message at the start of `bytes`, if it is there whole.
pub fn message_len(bytes: &[u8], rule: BodyRule) -> Option<usize> {
    let head_len = head_len(bytes)?;
    let head = String::from_utf8_lossy(&bytes[..head_len]);
    let status = head.split(' ').nth(1).unwrap_or("");
    let bodiless =
        rule == BodyRule::Response && (status.starts_with('1') || ["204", "304"].contains(&status));
    if rule == BodyRule::HeadOnly || bodiless {
        return Some(head_len);
    }
    if field(&head, "transfer-encoding").is_some_and(|codings| codings.contains("chunked")) {
        return chunked(&bytes[head_len..]).map(|(len, _, _)| head_len + len);
    }
    match field(&head, "content-length").and_then(|len| len.parse::<usize>().ok()) {
        Some(len) => (bytes.len() >= head_len + len).then_some(head_len + len),
        None if rule == BodyRule::Request => Some(head_len),
        None => None,
    }
}

/// Takes the complete request at the start of `bytes` out of it, if it is there whole.
pub fn cut_request(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let len = message_len(bytes, BodyRule::Request)?;
    Some(bytes.drain(..len).collect())
}

/// The message as text that two proxies must agree on.
pub fn normalise(bytes: &[u8]) -> String {
    let Some(head_len) = head_len(bytes) else { return bytes.escape_ascii().to_string() };
    let head = String::from_utf8_lossy(&bytes[..head_len]).into_owned();
    let (start, fields) = head.split_once("\r\n").unwrap_or((&head, ""));
    let mut text = format!("{start}\r\n{}", plain_fields(fields));
    let body = &bytes[head_len..];
    match chunks(body) {
        Some(joined) if text.contains("\r\ntransfer-encoding:") => text.push_str(&joined),
        _ => text.push_str(&String::from_utf8_lossy(body)),
    }
    text
}
