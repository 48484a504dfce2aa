//! What `show info json` and `show stat json` have in common: the words of a tag, and strings.

/// Adds `text` as a JSON string (RFC 8259 section 7).
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            c if c.is_control() => out.extend_from_slice(format!("\\u{:04x}", c as u32).as_bytes()),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Adds a field without the brace that opens it: its position and name, the words of `tag` (management.txt 9.2),
/// the value with its form. Only a `str` is quoted.
pub fn push_field(out: &mut Vec<u8>, at: usize, name: &str, tag: &str, form: &str, value: &str) {
    out.extend_from_slice(format!("\"field\":{{\"pos\":{at},\"name\":").as_bytes());
    push_string(out, name);
    let mut letters = tag.chars();
    let (origin, nature, scope) = (letters.next(), letters.next(), letters.next());
    let tags = format!(
        "}},\"processNum\":1,\"tags\":{{\"origin\":\"{}\",\"nature\":\"{}\",\"scope\":\"{}\"}},\
         \"value\":{{\"type\":\"{form}\",\"value\":",
        self::origin(origin),
        self::nature(nature),
        self::scope(scope),
    );
    out.extend_from_slice(tags.as_bytes());
    match form {
        "str" => push_string(out, value),
        _ => out.extend_from_slice(value.as_bytes()),
    }
    out.extend_from_slice(b"}}");
}

const fn origin(letter: Option<char>) -> &'static str {
    match letter {
        Some('M') => "Metric",
        Some('S') => "Status",
        Some('K') => "Key",
        Some('C') => "Config",
        Some('P') => "Product",
        _ => "Unknown",
    }
}

const fn nature(letter: Option<char>) -> &'static str {
    match letter {
        Some('A') => "Age",
        Some('a') => "Avg",
        Some('C') => "Counter",
        Some('D') => "Duration",
        Some('G') => "Gauge",
        Some('L') => "Limit",
        Some('M') => "Max",
        Some('m') => "Min",
        Some('N') => "Name",
        Some('O') => "Output",
        Some('R') => "Rate",
        Some('T') => "Time",
        _ => "Unknown",
    }
}

const fn scope(letter: Option<char>) -> &'static str {
    match letter {
        Some('C') => "Cluster",
        Some('P') => "Process",
        Some('S') => "Service",
        Some('s') => "System",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_cannot_break_out() {
        let mut out = Vec::new();
        push_string(&mut out, "a\"b\\c\n\u{1}é");
        assert_eq!(String::from_utf8(out).unwrap(), "\"a\\\"b\\\\c\\u000a\\u0001é\"");
    }

    #[test]
    fn a_field_is_that_of_the_reference() {
        let mut out = Vec::new();
        push_field(&mut out, 6, "slim", "CLP", "u32", "0");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"field\":{\"pos\":6,\"name\":\"slim\"},\"processNum\":1,\"tags\":{\"origin\":\"Config\",\
             \"nature\":\"Limit\",\"scope\":\"Process\"},\"value\":{\"type\":\"u32\",\"value\":0}}"
        );
    }
}
