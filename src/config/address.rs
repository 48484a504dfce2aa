//! Addresses of directives: the grammar of `net`, and what only a configuration asks of them.

use super::names::Names;
use crate::net::address::{Address, AddressError, Grammar, Host, Ports};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Reads one address; unlike the bare grammar it refuses ports with something behind the digits
/// (the reference takes `80x` for 80) and offsets beyond any port.
///
/// # Errors
/// What is wrong, in words.
pub fn one(text: &str, grammar: &Grammar) -> Result<Address, String> {
    let address = Address::parse(text, grammar).map_err(|e| e.to_string())?;
    check(&address, text)?;
    Ok(address)
}

/// The addresses of a `bind` or `stats socket` line. Host names are resolved, and inherited
/// descriptors must be there: a listener needs both before anything else runs.
///
/// # Errors
/// What is wrong, in words.
pub fn of_listeners(text: &str, names: Names) -> Result<Vec<Address>, String> {
    let mut list = Address::parse_list(text, &Grammar::BIND).map_err(|e| e.to_string())?;
    for (address, text) in list.iter_mut().zip(text.split(',')) {
        check(address, text)?;
        match &address.host {
            Host::Name(name) => match names.ip(&address.host, address.family) {
                Some(ip) => address.host = Host::Ip(ip),
                None => {
                    let error = AddressError::Host { host: name.to_string(), text: text.to_owned() };
                    return Err(error.to_string());
                }
            },
            Host::Fd(fd) if !is_open(*fd) => {
                return Err(format!("cannot use file descriptor '{fd}' : Bad file descriptor."));
            }
            _ => {}
        }
    }
    Ok(list)
}

fn is_open(fd: i32) -> bool {
    Path::new("/proc/self/fd").join(fd.to_string()).symlink_metadata().is_ok()
}

fn check(address: &Address, text: &str) -> Result<(), String> {
    match address.ports {
        Ports::Offset(offset) if offset.unsigned_abs() > u32::from(u16::MAX) => {
            return Err(format!("invalid port offset '{offset:+}' in '{text}'"));
        }
        Ports::None => return Ok(()),
        _ => {}
    }
    let port = text.rsplit(':').next().unwrap_or(text);
    let digits = port.strip_prefix(['+', '-']).unwrap_or(port);
    match digits.chars().find(|c| !c.is_ascii_digit() && *c != '-') {
        Some(found) => {
            Err(AddressError::PortCharacter { found, port: port.into(), text: text.into() }.to_string())
        }
        None => Ok(()),
    }
}

/// Puts the prefix of `unix-bind` before a path.
pub fn put_prefix(address: &mut Address, prefix: Option<&str>) {
    if let (Host::Path(path), Some(prefix)) = (&address.host, prefix) {
        let mut joined = OsString::from(prefix);
        joined.push(path.as_os_str());
        address.host = Host::Path(PathBuf::from(joined).into_boxed_path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_all_digits() {
        let grammar = Grammar::SERVER;
        for text in ["10.0.0.1:80", "10.0.0.1:+80", "10.0.0.1", "[::1]:80", "::1:80", "localhost:80", "/a:b"]
        {
            assert!(one(text, &grammar).is_ok(), "{text}");
        }
        for text in ["10.0.0.1:80x", "10.0.0.1:9oo1", "10.0.0.1:+70000", "10.0.0.1:-65536", "10.0.0.1:+8x"] {
            assert!(one(text, &grammar).is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_needs_its_descriptor_and_its_address() {
        let names = Names::default();
        assert!(of_listeners("fd@0", names).is_ok());
        assert_eq!(
            of_listeners("fd@98765", names).unwrap_err(),
            "cannot use file descriptor '98765' : Bad file descriptor."
        );
        assert_eq!(
            of_listeners("nosuch.invalid:80", names).unwrap_err(),
            "invalid address: 'nosuch.invalid' in 'nosuch.invalid:80'"
        );
        let list = of_listeners("127.0.0.1:80-82,:90", names).unwrap();
        assert_eq!(list.len(), 2);
    }
}
