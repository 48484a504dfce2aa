//! `show sess`: what goes on right now.

use super::rows::{Call, Progress};
use super::view::SessionView;
use crate::base::date::LocalTime;
use crate::log::format::push_address;
use crate::settings::{Mode, Proxy, Server};
use crate::sys::addr::SockAddr;
use crate::sys::time::utc_offset_secs;

/// `show sess [all|<id>]`; an id is what the list shows in front of the colon.
pub fn sess(call: &mut Call<'_>) -> Progress {
    let wanted = match call.word(2) {
        Some("all") | None => None,
        Some(word) => match id(word) {
            Some(id) => Some(id),
            None => return call.say("Session not found."),
        },
    };
    let detailed = call.word(2).is_some();
    while let Some(session) = call.world.session_from(call.cursor.outer) {
        call.cursor.outer = session.slot + 1;
        if wanted.is_some_and(|id| id != session.id) {
            continue;
        }
        if detailed {
            push_detail(call.out, &session)
        } else {
            push_line(call.out, &session)
        }
        if wanted.is_some() {
            return Progress::Done;
        }
        if call.is_page_full() {
            return Progress::More;
        }
    }
    if wanted.is_some() {
        return call.say("Session not found.");
    }
    Progress::Done
}

pub(super) fn id(word: &str) -> Option<u64> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    u64::from_str_radix(digits, 16).ok()
}

fn push_line(out: &mut Vec<u8>, s: &SessionView<'_>) {
    let line = format!(
        "{:#x}: proto={} src={} fe={} be={} srv={} ts={} age={} rq[i={}] rp[i={}] scf=[fd={}] scb=[fd={}] exp={} rc={}\n",
        s.id,
        s.proto,
        address(&s.client, s.listener_id),
        s.frontend.name,
        s.backend.map_or("<NONE>", |proxy| &proxy.name),
        s.server.map_or("<none>", |server| &server.name),
        s.phase,
        duration(s.age_ms),
        s.request_held,
        s.response_held,
        s.client_fd.unwrap_or(-1),
        s.server_fd.unwrap_or(-1),
        s.expires_ms.map_or_else(String::new, duration),
        s.retries,
    );
    out.extend_from_slice(line.as_bytes());
}

fn push_detail(out: &mut Vec<u8>, s: &SessionView<'_>) {
    out.extend_from_slice(format!("{:#x}: [", s.id).as_bytes());
    LocalTime::new(s.accept.secs, s.accept.micros, utc_offset_secs(s.accept.secs)).push_log(out);
    let text = format!(
        "] proto={} source={}\n  phase={} conn_retries={} age={} exp={}\n  frontend={}, listener={} (id={}) addr={}\n  \
         backend={}{}\n  server={}{}\n  scf=[fd={}] scb=[fd={}]\n  req=(held={} total={})\n  res=(held={} total={})\n",
        s.proto,
        address(&s.client, s.listener_id),
        s.phase,
        s.retries,
        duration(s.age_ms),
        s.expires_ms.map_or_else(|| "<NEVER>".to_owned(), duration),
        proxy(Some(s.frontend)),
        s.listener.unwrap_or("?"),
        s.listener_id,
        address(&s.local, s.listener_id),
        proxy(s.backend),
        addr(s.source.as_ref()),
        server(s.server),
        addr(s.server_address.as_ref()),
        s.client_fd.unwrap_or(-1),
        s.server_fd.unwrap_or(-1),
        s.request_held,
        s.bytes_in,
        s.response_held,
        s.bytes_out,
    );
    out.extend_from_slice(text.as_bytes());
}

fn proxy(proxy: Option<&Proxy>) -> String {
    match proxy {
        Some(Proxy { name, id, mode: Mode::Http, .. }) => format!("{name} (id={id} mode=http)"),
        Some(Proxy { name, id, mode: Mode::Tcp, .. }) => format!("{name} (id={id} mode=tcp)"),
        None => "<NONE> (id=-1 mode=-)".to_owned(),
    }
}

fn server(server: Option<&Server>) -> String {
    match server {
        Some(Server { name, id, .. }) => format!("{name} (id={id})"),
        None => "<NONE> (id=-1)".to_owned(),
    }
}

/// An address that may not be known.
fn addr(known: Option<&SockAddr>) -> String {
    known.map_or_else(String::new, |known| format!(" addr={}", address(known, 0)))
}

/// As log lines write addresses.
pub(super) fn address(address: &SockAddr, listener_id: u32) -> String {
    let mut out = Vec::new();
    push_address(&mut out, address, listener_id, b':');
    String::from_utf8_lossy(&out).into_owned()
}

/// `59s`, `1m30s`, `2h5m`, `3d4h`: the two greatest units, as the reference shows ages.
fn duration(ms: u64) -> String {
    let secs = ms / 1000;
    let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{secs}s"),
        (0, 0, _) => format!("{minutes}m{}s", secs % 60),
        (0, _, _) => format!("{hours}h{minutes}m"),
        _ => format!("{days}d{hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::cli::testing::{TestWorld, answer};

    #[test]
    fn the_list_has_a_line_for_each_session() {
        assert_eq!(
            answer(&mut TestWorld::new(), "show sess").lines().next().unwrap(),
            "0x1000: proto=mptcpv4 src=127.0.0.1:60000 fe=fe be=be srv=<none> ts=connect age=9s rq[i=12] rp[i=0] \
             scf=[fd=9] scb=[fd=-1] exp=1s rc=1"
        );
    }

    #[test]
    fn ten_thousand_sessions_come_in_pages() {
        let mut world = TestWorld::new();
        world.sessions = 10_000;
        assert_eq!(answer(&mut world, "show sess").lines().count(), 10_001);
    }

    #[test]
    fn one_session_is_shown_in_detail() {
        let mut world = TestWorld::new();
        let detail = answer(&mut world, "show sess 0x1001");
        assert!(
            detail.starts_with("0x1001: [")
                && detail.contains("\n  backend=be (id=3 mode=http)\n  server=<NONE> (id=-1)\n"),
            "{detail}"
        );
        assert!(
            detail.contains("\n  frontend=fe (id=2 mode=http), listener=? (id=1) addr=127.0.0.1:8080\n"),
            "{detail}"
        );
        assert_eq!(answer(&mut world, "show sess 0x77"), "Session not found.\n\n");
        assert_eq!(answer(&mut world, "show sess zork"), "Session not found.\n\n");
        assert_eq!(answer(&mut world, "show sess all").matches("phase=").count(), 2);
    }

    #[test]
    fn durations_show_two_units() {
        for (ms, text) in [(900, "0s"), (61_000, "1m1s"), (7_260_000, "2h1m"), (90_000_000, "1d1h")] {
            assert_eq!(duration(ms), text);
        }
    }
}
