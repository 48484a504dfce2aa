//! The request target: its form, its authority, and whether `Host` agrees with it.
//!
//! # Source
//! RFC 9112 3.2, RFC 9110 4.2.3 and 7.2.

use super::error::Wrong;
use super::fields::Range16;
use super::head::Method;

/// Which of the four forms a request target has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    #[default]
    Origin,
    /// `scheme://authority/path?query`
    Absolute,
    /// `host:port`, with CONNECT only
    Authority,
    /// `*`, with OPTIONS only
    Asterisk,
}

/// The parts of a target, as ranges within the target itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The form.
    pub form: TargetForm,
    /// Scheme without `://`; absolute form only.
    pub scheme: Range16,
    /// Authority with user information and port; absolute and authority form only.
    pub authority: Range16,
    /// Path and query; empty in authority form, and in absolute form when there is none.
    pub path: Range16,
}

impl Target {
    /// Takes a target apart.
    ///
    /// # Errors
    /// `TargetForm` when the method does not allow the form.
    pub fn parse(method: Method, target: &[u8]) -> Result<Target, Wrong> {
        let whole = Range16::new(0, target.len());
        match (method, target.first()) {
            (Method::Connect, Some(_)) => {
                let (_, port) = split_port(without_userinfo(target));
                let numeric = port.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
                if !numeric || target.contains(&b'/') {
                    return Err(Wrong::TargetForm);
                }
                Ok(Target { form: TargetForm::Authority, authority: whole, ..Target::default() })
            }
            (_, Some(b'/')) => Ok(Target { path: whole, ..Target::default() }),
            (Method::Options, Some(b'*')) if target.len() == 1 => {
                Ok(Target { form: TargetForm::Asterisk, path: whole, ..Target::default() })
            }
            (_, Some(first)) if first.is_ascii_alphabetic() => {
                Target::absolute(target).ok_or(Wrong::TargetForm)
            }
            _ => Err(Wrong::TargetForm),
        }
    }

    fn absolute(target: &[u8]) -> Option<Target> {
        let scheme_end = memchr::memchr(b':', target)?;
        let scheme = &target[..scheme_end];
        let valid = scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        let rest = target[scheme_end..].strip_prefix(b"://")?;
        if !valid {
            return None;
        }
        let authority_start = scheme_end + 3;
        let authority_end = authority_start + memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        Some(Target {
            form: TargetForm::Absolute,
            scheme: Range16::new(0, scheme_end),
            authority: Range16::new(authority_start, authority_end),
            path: Range16::new(authority_end, target.len()),
        })
    }

    /// Whether `port` is the default one here: 80 for http, 443 for https, both for CONNECT.
    fn is_default_port(&self, target: &[u8], port: &[u8]) -> bool {
        let scheme = self.scheme.of(target);
        let (http, https) = match self.form {
            TargetForm::Authority => (true, true),
            _ => (scheme.eq_ignore_ascii_case(b"http"), scheme.eq_ignore_ascii_case(b"https")),
        };
        port.is_empty() || (http && port == b"80") || (https && port == b"443")
    }

    /// The authority's host without user information, and how long a normalised authority is that drops a
    /// default or empty port: `None` when there is nothing to drop.
    pub fn normalised_host(&self, target: &[u8]) -> Option<Range16> {
        let authority = self.authority.of(target);
        let bare = without_userinfo(authority);
        let (host, port) = split_port(bare);
        if !self.is_default_port(target, port?) {
            return None;
        }
        let start = usize::from(self.authority.start) + authority.len() - bare.len();
        Some(Range16::new(start, start + host.len()))
    }

    /// Whether a `Host` value names the same authority.
    pub fn agrees_with(&self, target: &[u8], host: &[u8]) -> bool {
        let authority = without_userinfo(self.authority.of(target));
        if authority.eq_ignore_ascii_case(host) {
            return true;
        }
        let (a_name, a_port) = split_port(authority);
        let (h_name, h_port) = split_port(host);
        let free = |port: Option<&[u8]>| port.is_none_or(|p| self.is_default_port(target, p));
        // Two different explicit ports never agree, even where both are defaults of CONNECT.
        let both = a_port.is_some_and(|p| !p.is_empty()) && h_port.is_some_and(|p| !p.is_empty());
        a_name.eq_ignore_ascii_case(h_name) && !both && free(a_port) && free(h_port)
    }
}

/// An authority without its user information.
fn without_userinfo(authority: &[u8]) -> &[u8] {
    match memchr::memrchr(b'@', authority) {
        Some(at) => &authority[at + 1..],
        None => authority,
    }
}

/// Splits `host:port`; the brackets of an IPv6 address may hold colons. A port that is not all digits belongs to
/// the host.
fn split_port(authority: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memrchr(b':', authority) {
        Some(at) if authority[at + 1..].iter().all(u8::is_ascii_digit) => {
            (&authority[..at], Some(&authority[at + 1..]))
        }
        _ => (authority, None),
    }
}
