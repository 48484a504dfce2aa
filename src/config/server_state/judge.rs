//! What of an entry of a state file applies to a server of the configuration.

use super::file::Entry;
use crate::settings::server::{Remembered, WEIGHT_MAX, Wanted};
use std::net::IpAddr;
use std::str::FromStr;

/// Highest `srv_op_state` of the manual.
const OP_STATE_MAX: u32 = 3;
/// All bits of `srv_admin_state`.
const ADMIN_BITS: u32 = 0x7f;
/// Forced into maintenance.
const FORCED_MAINT: u32 = 0x01;
/// In maintenance by the configuration of then.
const CONFIGURED_MAINT: u32 = 0x04;
/// Forced into drain.
const FORCED_DRAIN: u32 = 0x08;

/// What applies to a server that is configured with this weight, `disabled` or not.
///
/// # Errors
/// What is invalid in the entry, in words; nothing of it applies then.
pub fn judge(entry: &Entry, weight: u32, disabled: bool) -> Result<Remembered, String> {
    let mut wrong = Vec::new();
    let mut number = |name: &str, text: &str, max: u32| {
        let number = parsed(text).filter(|number: &u32| *number <= max);
        if number.is_none() {
            wrong.push(format!(", invalid {name} value '{text}'"));
        }
        number.unwrap_or(0)
    };
    // Nobody checks servers: one that a check took down then could never come up again.
    number("srv_op_state", &entry.op_state, OP_STATE_MAX);
    let admin = number("srv_admin_state", &entry.admin_state, ADMIN_BITS);
    let now = number("srv_uweight", &entry.weight, WEIGHT_MAX);
    let then = number("srv_iweight", &entry.configured_weight, WEIGHT_MAX);
    let port = number("srv_port", &entry.port, u32::from(u16::MAX));
    if admin & FORCED_MAINT != 0 && admin & FORCED_DRAIN != 0 {
        wrong.push(format!(", invalid srv_admin_state value '{}'", entry.admin_state));
    }
    let unchanged: Option<i64> = parsed(&entry.unchanged_secs);
    if unchanged.is_none() {
        wrong.push(format!(", invalid srv_last_time_change value '{}'", entry.unchanged_secs));
    }
    if !wrong.is_empty() {
        return Err(wrong.concat());
    }
    Ok(Remembered {
        wanted: wanted(admin, disabled),
        weight: (then == weight).then_some(now),
        port: port as u16,
        unchanged_ms: u64::try_from(unchanged.unwrap_or(0)).unwrap_or(0).saturating_mul(1000),
    })
}

/// Where the configuration changed between `disabled` and not, it is the operator's later word.
fn wanted(admin: u32, disabled: bool) -> Wanted {
    let (forced, configured) = (admin & FORCED_MAINT != 0, admin & CONFIGURED_MAINT != 0);
    let maint = if disabled { forced || !configured } else { forced && !configured };
    if maint {
        Wanted::Maint
    } else if admin & FORCED_DRAIN != 0 {
        Wanted::Drain
    } else {
        Wanted::Ready
    }
}

/// The address of `init-addr last`, if the entry has one.
pub fn address(entry: &Entry) -> Option<IpAddr> {
    entry.address.parse().ok()
}

fn parsed<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::server_state::file::entries;

    fn entry(op: &str, admin: &str, weights: &str, since: &str, port: &str) -> Entry {
        let text = format!(
            "1\n3 be 1 s1 127.0.0.1 {op} {admin} {weights} {since} 1 0 2 0 0 0 0 - {port} - 0 0 - - 0\n"
        );
        entries(text.as_bytes()).unwrap().remove(0)
    }

    /// The states that haproxy 2.6 comes up with for every value of `srv_admin_state`.
    #[test]
    fn administrative_states_are_those_of_the_reference() {
        for admin in 0..=130u32 {
            let (maint, drain) = (admin & 1 != 0, admin & 8 != 0);
            let entry = entry("2", &admin.to_string(), "1 1", "0", "81");
            for disabled in [false, true] {
                let seen = judge(&entry, 1, disabled).map(|remembered| remembered.wanted);
                let expected = match (admin & 4 != 0, disabled) {
                    _ if admin > 127 || (maint && drain) => Err(()),
                    (true, true) | (false, false) if maint => Ok(Wanted::Maint),
                    (false, true) => Ok(Wanted::Maint),
                    _ if drain => Ok(Wanted::Drain),
                    _ => Ok(Wanted::Ready),
                };
                assert_eq!(seen.map_err(|_| ()), expected, "{admin} {disabled}");
            }
        }
    }

    #[test]
    fn a_weight_counts_while_the_configured_one_is_the_same() {
        let entry = entry("2", "0", "20 10", "77", "99");
        let same = judge(&entry, 10, false).unwrap();
        assert_eq!((same.weight, same.port, same.unchanged_ms), (Some(20), 99, 77_000));
        assert_eq!(judge(&entry, 11, false).unwrap().weight, None);
    }

    #[test]
    fn every_invalid_value_is_named() {
        let refused = judge(&entry("4", "x", "257 -1", "soon", "65536"), 1, false).unwrap_err();
        for part in [
            "invalid srv_op_state value '4'",
            "invalid srv_admin_state value 'x'",
            "invalid srv_uweight value '257'",
            "invalid srv_iweight value '-1'",
            "invalid srv_last_time_change value 'soon'",
            "invalid srv_port value '65536'",
        ] {
            assert!(refused.contains(part), "{part} in {refused}");
        }
        assert!(judge(&entry("0", "0", "0 0", "-1", "0"), 1, false).is_ok());
    }
}
