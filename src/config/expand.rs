//! Environment variables as the configuration sees them.
//!
//! # Source
//! configuration.txt 2.3, and 3.1 for `setenv`, `presetenv`, `unsetenv`, `resetenv`.

use crate::config::lexer::LexErrorKind;
use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::ffi::OsStringExt;

/// Variables by name. It starts as a copy of the process environment; the global keywords change
/// the copy while the file is read, so later lines see the change and the process does not.
#[derive(Clone, Default, Debug)]
pub struct Environment {
    vars: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Environment {
    /// No variable at all.
    pub fn empty() -> Self {
        Self::default()
    }

    /// A copy of the environment that the process was started with.
    pub fn of_process() -> Self {
        let vars = std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect();
        Environment { vars }
    }

    /// The value, or `None` where the variable does not exist. An empty value is a value.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.vars.get(name).map(Vec::as_slice)
    }

    /// `setenv`: makes or replaces.
    ///
    /// # Errors
    /// The name is empty or has a `=` in it; no variable can be called so.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), InvalidName> {
        check_name(name)?;
        self.vars.insert(name.to_vec(), value.to_vec());
        Ok(())
    }

    /// `presetenv`: makes unless it exists, even with an empty value.
    ///
    /// # Errors
    /// As for [`Environment::set`].
    pub fn preset(&mut self, name: &[u8], value: &[u8]) -> Result<(), InvalidName> {
        check_name(name)?;
        self.vars.entry(name.to_vec()).or_insert_with(|| value.to_vec());
        Ok(())
    }

    /// `unsetenv`: removes; a name that does not exist is fine.
    pub fn unset(&mut self, name: &[u8]) {
        self.vars.remove(name);
    }

    /// `resetenv`: removes all but the named ones.
    pub fn reset(&mut self, keep: &[&[u8]]) {
        self.vars.retain(|name, _| keep.contains(&name.as_slice()));
    }

    /// All variables in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.vars.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }
}

/// A name that no environment variable can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invalid argument")
    }
}

fn check_name(name: &[u8]) -> Result<(), InvalidName> {
    if name.is_empty() || name.contains(&b'=') { Err(InvalidName) } else { Ok(()) }
}

/// An address argument with `$NAME` and `${NAME}` resolved, even though they stand outside quotes or
/// in single quotes. For `bind`, `server`, `log`, `stats socket`, `source` and the like.
///
/// It is simpler than in a line: a variable that does not exist is empty, a name may begin with a
/// digit or be empty, and there are neither default values nor pseudo variables nor errors.
pub fn address(word: &[u8], env: &Environment) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let braced = rest.first() == Some(&b'{');
        rest = &rest[usize::from(braced)..];
        let (name, after) = rest.split_at(rest.iter().take_while(|c| is_name_part(**c)).count());
        out.extend_from_slice(env.get(name).unwrap_or_default());
        rest = if braced { after.strip_prefix(b"}").unwrap_or(after) } else { after };
    }
    out.extend_from_slice(rest);
    out
}

/// What a `$` may refer to at one line: variables and the pseudo variables of that line.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The variables.
    pub env: &'a Environment,
    /// `.FILE`
    pub file: &'a str,
    /// `.LINE`
    pub line: u32,
    /// `.SECTION`: name of the section, or its kind where it has none, or empty before the first.
    pub section: &'a str,
}

/// A reference such as `$NAME`, `${NAME}`, `${NAME-default}` or `${NAME[*]}`, resolved.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// What it stands for; `None` where the variable does not exist and no default was given.
    pub value: Option<Vec<u8>>,
    /// `[*]`: blanks in the value separate words.
    pub splits: bool,
    /// Bytes that the reference takes, from the `$` on.
    pub len: usize,
}

/// Resolves the reference that begins at the `$` at `start`.
///
/// # Errors
/// The kind and the offset in `text` where the reference goes wrong.
pub fn reference(text: &[u8], start: usize, scope: &Scope) -> Result<Reference, (LexErrorKind, usize)> {
    let at = |i: usize| text.get(i).copied().unwrap_or(0);
    let mut i = start + 1;
    let braced = at(i) == b'{';
    let brace = i;
    if braced {
        i += 1;
    }
    let name_start = i;
    if !is_name_start(at(i)) && at(i) != b'.' {
        return Err((LexErrorKind::VariableName, i));
    }
    i += 1;
    while is_name_part(at(i)) {
        i += 1;
    }
    let name = &text[name_start..i];
    let mut value = match name.split_first() {
        Some((b'.', pseudo)) => {
            Some(pseudo_variable(pseudo, scope).ok_or((LexErrorKind::VariableName, name_start))?)
        }
        _ => scope.env.get(name).map(<[u8]>::to_vec),
    };
    let mut splits = false;
    if braced {
        if at(i) == b'[' {
            if !text[i..].starts_with(b"[*]") {
                return Err((LexErrorKind::WordExpansion, i));
            }
            splits = true;
            i += 3;
        }
        if at(i) == b'-' {
            let default = i + 1;
            let end = text[default..].iter().position(|&c| c == b'}').map(|n| default + n);
            i = end.ok_or((LexErrorKind::Brace, brace))?;
            value = value.or_else(|| Some(text[default..i].to_vec()));
        }
        if at(i) != b'}' {
            return Err((LexErrorKind::Brace, brace));
        }
        i += 1;
    }
    Ok(Reference { value, splits, len: i - start })
}

fn pseudo_variable(name: &[u8], scope: &Scope) -> Option<Vec<u8>> {
    match name {
        b"FILE" => Some(scope.file.as_bytes().to_vec()),
        b"LINE" => Some(scope.line.to_string().into_bytes()),
        b"SECTION" => Some(scope.section.as_bytes().to_vec()),
        _ => None,
    }
}

fn is_name_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_'
}

fn is_name_part(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Environment {
        let mut env = Environment::empty();
        env.set(b"A", b"127.0.0.1").unwrap();
        env.set(b"P", b"99").unwrap();
        env
    }

    #[test]
    fn addresses_expand_as_the_reference_does() {
        let cases = [
            ("${A}:$P", "127.0.0.1:99"),
            ("$A:9", "127.0.0.1:9"),
            ("${A}:${P", "127.0.0.1:99"),
            ("${N}:9", ":9"),
            ("${N-127.0.0.1}:9", "-127.0.0.1}:9"),
            ("$A$P:9", "127.0.0.199:9"),
            ("${}:9", ":9"),
            ("$", ""),
            ("a$1:9", "a:9"),
            ("\\$A:9", "\\127.0.0.1:9"),
            ("${A[*]}:9", "127.0.0.1[*]}:9"),
            ("$.LINE:9", ".LINE:9"),
            ("${A}x:9", "127.0.0.1x:9"),
            ("plain", "plain"),
        ];
        for (word, expected) in cases {
            assert_eq!(String::from_utf8(address(word.as_bytes(), &env())).unwrap(), expected, "{word}");
        }
    }

    #[test]
    fn setenv_and_its_like_change_the_copy() {
        let mut env = env();
        env.preset(b"A", b"x").unwrap();
        env.preset(b"B", b"").unwrap();
        env.preset(b"B", b"y").unwrap();
        assert_eq!((env.get(b"A"), env.get(b"B")), (Some(&b"127.0.0.1"[..]), Some(&b""[..])));
        env.unset(b"B");
        env.unset(b"none");
        assert_eq!(env.get(b"B"), None);
        env.reset(&[b"P"]);
        assert_eq!(env.iter().collect::<Vec<_>>(), [(&b"P"[..], &b"99"[..])]);
        assert_eq!(env.set(b"A=B", b""), Err(InvalidName));
        assert_eq!(env.preset(b"", b""), Err(InvalidName));
    }
}
