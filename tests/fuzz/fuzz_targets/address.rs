//! Any text as an address of every directive: no panic, and what is read keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::net::address::{Address, Grammar, Host, Ports, UNIX_PATH_LEN_MAX};

const GRAMMARS: [Grammar; 6] = [
    Grammar::BIND,
    Grammar::SERVER,
    Grammar::SOURCE,
    Grammar::SERVER_SOURCE,
    Grammar::LOG,
    Grammar::DGRAM_BIND,
];

fuzz_target!(|text: &str| {
    for grammar in &GRAMMARS {
        match Address::parse_list(text, grammar) {
            Ok(list) => list.iter().for_each(|address| hold(address, grammar)),
            Err(e) => assert!(!e.to_string().is_empty()),
        }
    }
});

fn hold(address: &Address, grammar: &Grammar) {
    match address.ports {
        Ports::None => {}
        Ports::Fixed(port) => assert!(port > 0 || !grammar.port_mandatory),
        Ports::Range(low, high) => assert!(grammar.range && low < high),
        Ports::Offset(_) => assert!(grammar.offset),
    }
    match &address.host {
        Host::Name(name) => assert!(!name.is_empty() && !name.contains([':', '/', '@'])),
        Host::Path(path) => assert!(path.as_os_str().len() <= UNIX_PATH_LEN_MAX),
        Host::Fd(number) => assert!(grammar.fd && *number >= 0),
        Host::Any | Host::Ip(_) | Host::Abstract { .. } => {}
    }
}
