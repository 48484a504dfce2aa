//! `balance url_param` (configuration.txt 4.2): the value of a parameter in the query, or in the body
//! of a POST.

/// The value of the parameter `name` in the query of `target`. Parameters end at `&`; nothing is
/// decoded.
pub fn in_query<'a>(target: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let query = target.iter().position(|&byte| byte == b'?')? + 1;
    in_form(target.get(query..)?, name)
}

/// The same in a body that is a form.
pub fn in_form<'a>(form: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    form.split(|&byte| byte == b'&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix(b"="))
}

/// The bytes of a chunked body that its first chunk holds, as far as they are in `body`.
pub fn first_chunk(body: &[u8]) -> &[u8] {
    let digits = body.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let size = body.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
    let size = size.and_then(|size| usize::from_str_radix(size, 16).ok()).unwrap_or(0);
    let line = body.iter().position(|&byte| byte == b'\n');
    let data = line.and_then(|at| body.get(at + 1..)).unwrap_or(&[]);
    data.get(..size).unwrap_or(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_where_the_reference_finds_them() {
        for (target, expected) in [
            ("/?uid=abc", Some("abc")),
            ("/?x=1&uid=abc&y", Some("abc")),
            ("/?uid=", Some("")),
            ("/?uid", None),
            ("/?uid=a;y", Some("a;y")),
            ("/?x;uid=a", None),
            ("/?xuid=a&uid=b", Some("b")),
            ("/?uidx=a&uid=b", Some("b")),
            ("/?uid=a&uid=b", Some("a")),
            ("/p?q?uid=c", None),
            ("/?UID=a", None),
            ("/?uid=%41", Some("%41")),
            ("/?uid=a=b", Some("a=b")),
            ("/?uid=a/b?c", Some("a/b?c")),
            ("/uid=q", None),
        ] {
            let expected = expected.map(str::as_bytes);
            assert_eq!(in_query(target.as_bytes(), b"uid"), expected, "{target}");
        }
    }

    #[test]
    fn a_chunked_body_is_searched_in_its_first_chunk() {
        assert_eq!(first_chunk(b"7\r\nuid=abc\r\n0\r\n\r\n"), b"uid=abc");
        assert_eq!(first_chunk(b"7;x=y\r\nuid"), b"uid");
        for broken in [&b""[..], b"zz\r\nuid=abc", b"7", b"ffffffffffffffffffffff\r\nuid"] {
            assert!(first_chunk(broken).is_empty(), "{broken:?}");
        }
    }
}
