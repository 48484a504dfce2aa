//! A server state file with any bytes in it: no panic, and what is taken from it is within its bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::config::server_state::file::{self, Malformed};
use subflow::config::server_state::judge;
use subflow::settings::server::WEIGHT_MAX;

fuzz_target!(|data: &[u8]| {
    // The version is hard to guess and no secret.
    for text in [data, &[b"1\n", data].concat()] {
        let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
        match file::entries(text) {
            Ok(entries) => {
                assert!(entries.len() < lines);
                for entry in entries {
                    for (weight, disabled) in [(1, false), (10, true)] {
                        if let Ok(remembered) = judge::judge(&entry, weight, disabled) {
                            assert!(remembered.weight.is_none_or(|weight| weight <= WEIGHT_MAX));
                        }
                    }
                    let _ = judge::address(&entry);
                }
            }
            Err(Malformed::Line(at)) => assert!((2..=lines).contains(&at)),
            Err(Malformed::Version) => {}
        }
    }
});
