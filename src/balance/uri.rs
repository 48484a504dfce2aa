//! `balance uri` (configuration.txt 4.2): which part of the request target is hashed.

/// What of the target counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// `whole`: the query too.
    pub whole: bool,
    /// `path-only`: without scheme and authority.
    pub path_only: bool,
    /// `len`: at most so many bytes; 0 = all.
    pub len_max: usize,
    /// `depth`: at most so many slashes; 0 = all.
    pub depth_max: usize,
}

impl Part {
    /// The bytes of `target` to hash; none when `path-only` finds no path.
    pub fn of(self, target: &[u8]) -> &[u8] {
        let mut part = target;
        if self.path_only {
            part = path(target).unwrap_or_default();
        }
        if self.len_max > 0 {
            part = part.get(..self.len_max).unwrap_or(part);
        }
        let mut slashes = 0;
        let end = part.iter().position(|&byte| {
            slashes += usize::from(byte == b'/');
            (byte == b'?' && !self.whole) || (self.depth_max > 0 && slashes > self.depth_max)
        });
        part.get(..end.unwrap_or(part.len())).unwrap_or(part)
    }
}

/// A target without its scheme and authority.
fn path(target: &[u8]) -> Option<&[u8]> {
    if target.first() == Some(&b'/') {
        return Some(target);
    }
    let scheme_len = target.windows(3).position(|window| window == b"://")? + 3;
    let rest = target.get(scheme_len..)?;
    let slash = rest.iter().position(|&byte| byte == b'/')?;
    rest.get(slash..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(part: Part, target: &str) -> &str {
        std::str::from_utf8(part.of(target.as_bytes())).unwrap()
    }

    #[test]
    fn parts_are_those_that_the_reference_hashes() {
        let left = Part::default();
        let whole = Part { whole: true, ..left };
        let path = Part { path_only: true, ..left };
        let deep = |depth_max| Part { depth_max, ..left };
        let long = |len_max| Part { len_max, ..left };
        for (part, target, expected) in [
            (left, "/a/b/c/d?x=1/2/3", "/a/b/c/d"),
            (left, "http://host.name/a/b/c?q=1/2", "http://host.name/a/b/c"),
            (left, "/a?b?c/d", "/a"),
            (whole, "/a?b?c/d", "/a?b?c/d"),
            (long(4), "/a/b/c/d?x", "/a/b"),
            (long(4), "/?q", "/"),
            (deep(1), "/a/b", "/a"),
            (deep(1), "//a//b/", "/"),
            (deep(3), "//a//b/", "//a/"),
            (deep(1), "http://host.name/a", "http:/"),
            (deep(2), "http://host.name/a", "http://host.name"),
            (Part { depth_max: 2, ..whole }, "/a/b/c?x=1/2", "/a/b"),
            (path, "http://u:p@host.name:80/a/b", "/a/b"),
            (Part { whole: true, ..path }, "http://host.name/a/b/c?q=1/2", "/a/b/c?q=1/2"),
            (Part { depth_max: 2, ..path }, "http://host.name/a/b/c?q", "/a/b"),
            (Part { len_max: 3, ..path }, "http://host.name/a/b/c", "/a/"),
        ] {
            assert_eq!(key(part, target), expected, "{part:?} {target}");
        }
        assert_eq!(key(path, "http://host.name"), "");
        assert_eq!(key(path, "*"), "");
    }
}
