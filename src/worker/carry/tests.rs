//! Passing state between two workers that were built but serve nobody.

use super::*;
use crate::base::diag::Diags;
use crate::config::build::Build;
use crate::config::expand::Environment;
use crate::config::source::Source;
use crate::config::{self, Names as Resolver};
use crate::net::inherit::Inheritance;
use crate::proxy::server::Admin;
use crate::service::cli::change::{Change, FrontendChange, Rate, ServerAt};
use crate::worker::{Limits, build};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

const MAXCONN: u32 = 500;

const CONFIG: &str = "
frontend fe
    bind abns@NAME name a
    maxconn 100
    default_backend be
backend be
    cookie SRV insert
    server s1 127.0.0.1:81 weight 10
    server s2 127.0.0.1:82 maxconn 5
    server s3 127.0.0.1:83 disabled
    server s4 127.0.0.1:+1
";

fn worker(config: &str) -> Live {
    let timeouts = "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n";
    static WORKERS: AtomicU32 = AtomicU32::new(0);
    let name = format!("carry-{}-{}", std::process::id(), WORKERS.fetch_add(1, Ordering::Relaxed));
    let text = format!("{timeouts}{config}").replace("NAME", &name);
    let build_facts = Build { version: "3.5-dev4", features: &[], switches: Vec::new(), tls_library: None };
    let (mut env, mut diags) = (Environment::empty(), Diags::new());
    let source = Source::text("test.cfg", text.as_bytes());
    let settings =
        config::load(vec![source], build_facts, Resolver::default(), &mut env, &mut diags).unwrap();
    let limits =
        Limits { maxconn: MAXCONN, maxsock: 1100, ulimit_n: 1100, version: "0", splice_forbidden: false };
    let settings = Box::leak(Box::new(settings));
    let live = build(settings, limits, &mut Inheritance::default(), &mut diags).unwrap();
    assert!(!diags.refuses(), "{diags:?}");
    live
}

fn at(nth: usize) -> ServerAt {
    ServerAt { proxy: 1, nth }
}

/// The old worker with something to tell of everything. Its listener is given a fixed address, because
/// that of a test is another each time.
fn old() -> Live {
    let mut live = named(worker(CONFIG));
    let env = &mut live.env;
    env.counters.requests = 7;
    env.proxies[0].fe.bytes_in = 100;
    env.proxies[1].be.retries = 2;
    env.servers[1].counters.sess.enter();
    env.servers[1].counters.http.count_response(200);
    let listener = env.proxies[0].listeners[0];
    env.listeners.get_mut(listener).unwrap().counters.conn.tot = 9;
    live.set_admin(at(0), Admin::Maint { configured: false });
    live.set_weight(at(0), 20);
    live.set_admin(at(2), Admin::Ready);
    live.set_admin(at(1), Admin::Drain);
    live.set_server_maxconn(at(1), 3);
    live.set_address(at(3), "127.0.0.9:99".parse().unwrap());
    live.set_dynamic_cookies(1, true);
    live.set_cookie_key(1, "-");
    live.set_process_maxconn(50);
    live.set_rate(Rate::Sessions, 30);
    live.set_frontend_maxconn(0, 40);
    assert_eq!(live.pause_frontend(0), FrontendChange::Made);
    live
}

fn named(mut live: Live) -> Live {
    for (_, listener) in live.env.listeners.iter_mut() {
        listener.address = crate::sys::addr::SockAddr::Inet("127.0.0.1:8080".parse().unwrap());
    }
    live
}

#[test]
fn a_new_worker_goes_on_where_the_old_one_was() {
    let mut new = named(worker(CONFIG));
    let told = import(&mut new, &export(&old()).0);
    assert_eq!((told.dropped, told.cut, told.refused), (0, false, None), "{told}");
    assert_eq!(told.states, 12, "{told}");
    let env = &new.env;
    assert_eq!(env.counters.requests, 7);
    assert_eq!((env.proxies[0].fe.bytes_in, env.proxies[1].be.retries), (100, 2));
    let listener = env.listeners.get(env.proxies[0].listeners[0]).unwrap();
    assert_eq!((listener.counters.conn.tot, listener.gate.is_suspended()), (9, true));
    let [s1, s2, s3, s4] = &env.servers[..] else { panic!("four servers") };
    assert_eq!((s2.counters.sess.tot, s2.counters.sess.cur, s2.counters.http.responses[1]), (1, 0, 1));
    assert_eq!((s1.admin, s1.weight), (Admin::Maint { configured: false }, 20));
    assert_eq!((s2.admin, s2.maxconn, s2.maxconn_full), (Admin::Drain, 3, 3));
    assert_eq!(s3.admin, Admin::Ready);
    assert_eq!(s4.address.as_ref().map(ToString::to_string).as_deref(), Some("127.0.0.9:99"));
    assert_eq!(s4.ports, crate::net::address::Ports::Fixed(99));
    let be = &env.proxies[1];
    assert_eq!((be.makes_cookies, be.cookie_key.as_deref()), (true, Some("-")));
    assert!(s1.cookie.is_some() && s1.cookie == old().env.servers[0].cookie);
    assert_eq!((env.maxconn, env.rates.sessions, env.proxies[0].maxconn), (50, Some(30), 40));
}

#[test]
fn what_passed_once_passes_again() {
    let first = export(&old()).0;
    let mut new = named(worker(CONFIG));
    import(&mut new, &first);
    let again = export(&new).0;
    // Ages grow with the time that this test takes.
    let stable = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let words =
            text.split([' ', '\n']).filter(|w| !w.starts_with("unchanged_ms=") && !w.starts_with("down_ms="));
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(stable(&again), stable(&first));
}

#[test]
fn the_operators_later_word_is_the_configuration() {
    let changed = CONFIG
        .replace("weight 10", "weight 15")
        .replace(":82 maxconn 5", ":82 maxconn 6")
        .replace(" disabled", "")
        .replace(":+1", ":84")
        .replace("SRV insert", "SRV insert dynamic\n    dynamic-cookie-key new")
        .replace("maxconn 100", "maxconn 101");
    let mut new = named(worker(&changed));
    let told = import(&mut new, &export(&old()).0);
    let env = &new.env;
    let [s1, s2, s3, s4] = &env.servers[..] else { panic!("four servers") };
    assert_eq!((s1.weight, s2.maxconn, s3.admin), (15, 6, Admin::Ready));
    assert_eq!(s4.address.as_ref().map(ToString::to_string).as_deref(), Some("127.0.0.1:84"));
    assert_eq!(env.proxies[0].maxconn, 101);
    assert_eq!(env.proxies[1].cookie_key.as_deref(), Some("new"));
    assert_eq!((told.dropped, told.reconfigured), (7, 7), "{told}");
    assert_eq!(s1.admin, Admin::Maint { configured: false }, "what did not change stays as it was set");
}

#[test]
fn what_is_not_there_any_more_is_counted() {
    let mut new = worker("frontend other\n bind abns@NAME\nbackend be\n server s1 127.0.0.1:81 weight 10\n");
    let told = import(&mut new, &export(&old()).0);
    assert_eq!(new.env.servers[0].weight, 20);
    assert!(told.gone > 0 && told.gone == told.dropped && told.reconfigured == 0, "{told}");
    assert!(told.to_string().contains("of objects that are gone"), "{told}");
}

#[test]
fn the_end_of_the_old_worker_adds_what_it_counted_since() {
    let mut old = old();
    let (bytes, baseline) = export(&old);
    let mut new = named(worker(CONFIG));
    import(&mut new, &bytes);
    new.env.proxies[1].be.retries += 10;
    new.set_weight(at(0), 30);
    old.env.proxies[1].be.retries += 5;
    old.env.servers[1].counters.sess.leave();
    old.env.servers[0].counters.connect += 4;
    let told = add(&mut new, &export_since(&old, &baseline));
    assert_eq!((told.dropped, told.states, told.cut), (0, 0, false), "{told}");
    assert_eq!(new.env.proxies[1].be.retries, 2 + 10 + 5);
    assert_eq!((new.env.servers[0].counters.connect, new.env.servers[1].counters.sess.tot), (4, 1));
    assert_eq!(new.env.servers[0].weight, 30, "settings do not pass again");
}

#[test]
fn ages_go_on() {
    let mut new = worker(CONFIG);
    let text = "subflow-carry 1\n\
        state server be s3 admin=maint>- unchanged_ms=5000 down_ms=7000\n\
        state server be s1 admin=ready>- unchanged_ms=60000 down_ms=1000\n\
        state server be s2 admin=ready>moon unchanged_ms=999999999999999999 down_ms=18446744073709551615\n\
        counters server be s1 last_session_ms=ago:4000\nend left_out=0\n";
    let told = import(&mut new, text.as_bytes());
    assert_eq!((told.dropped, told.taken), (1, 1), "{told}");
    let now = new.env.clock.now_ms();
    let [s1, s2, s3, _] = &new.env.servers[..] else { panic!("four servers") };
    assert_eq!((s3.unchanged_ms(now), s3.down_before(now)), (5_000, 12_000));
    assert_eq!((s1.unchanged_ms(now), s1.down_before(now)), (60_000, 1_000));
    assert_eq!(s1.counters.last_session_ms, Some(now as i64 - 4_000));
    assert_eq!((s2.changed_ms, s2.down_ms), (0, 0), "a state that is not known says nothing of times");
}

#[test]
fn other_programs_words_are_dropped_and_counted() {
    let mut new = worker(CONFIG);
    let text = "subflow-carry 1\n\
        counters server be s1 retries=total:3 moons=total:4 connect=phase:1 reuse=max:2\n\
        counters server be s1 retries\n\
        ballads server be s1 retries=total:3\n\
        counters planet be retries=total:3\n\
        state server be s1 weight=10>999 mood=good>bad admin=ready>asleep address=@127.0.0.1:81>home\n\
        state process maxconn=->501 maxconnrate=->x\n\
        \u{ff}\n";
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let told = import(&mut new, &bytes);
    assert_eq!(new.env.servers[0].counters.retries, 3);
    assert_eq!(new.env.servers[0].weight, 10);
    assert_eq!(new.env.maxconn, MAXCONN);
    assert_eq!((told.taken, told.dropped, told.cut), (1, 3 + 1 + 1 + 4 + 2 + 1, true), "{told}");
    assert_eq!((told.gone, told.reconfigured), (1, 0), "{told}");
    let newer = import(&mut new, b"subflow-carry 2\n").to_string();
    assert!(
        newer.starts_with("nothing taken over from the old process: ") && newer.contains("version"),
        "{newer}"
    );
    assert_eq!(import(&mut new, b"").taken, 0);
}

#[test]
fn a_static_algorithm_takes_no_other_weight() {
    let mut new = named(worker(&CONFIG.replace("backend be", "backend be\n    balance static-rr")));
    let told = import(&mut new, &export(&old()).0);
    assert_eq!((new.env.servers[0].weight, told.dropped), (10, 1), "{told}");
}

#[test]
fn bytes_cut_anywhere_do_no_harm() {
    let whole = export(&old()).0;
    let mut new = named(worker(CONFIG));
    for len in 0..whole.len() {
        let told = import(&mut new, &whole[..len]);
        assert!(told.cut || told.refused.is_some(), "{len} of {}: {told}", whole.len());
    }
    assert!(!import(&mut new, &whole).cut);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_do_no_harm(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20)) {
        let mut bytes = export(&old()).0;
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let mut new = named(worker(CONFIG));
        import(&mut new, &bytes);
        add(&mut new, &bytes);
        let (again, _) = export(&new);
        prop_assert!(!import(&mut new, &again).cut);
    }
}
