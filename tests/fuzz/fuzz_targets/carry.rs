//! What an old process hands over, with any bytes in it: no panic, and what was made of it can be handed
//! over again whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{LazyLock, Mutex};
use std::thread;
use subflow::base::diag::Diags;
use subflow::config::build::Build;
use subflow::config::expand::Environment;
use subflow::config::source::Source;
use subflow::config::{self, Names};
use subflow::live::Live;
use subflow::net::inherit::Inheritance;
use subflow::settings::Settings;
use subflow::worker::{Limits, build, carry};

const CONFIG: &[u8] = b"defaults\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n\
    backend be\n server s1 127.0.0.1:81 weight 10\n server s2 127.0.0.1:+1 disabled\n\
    backend b2\n balance static-rr\n server s1 127.0.0.1:82 maxconn 4\n";

fn settings() -> Settings {
    let facts = Build { version: "3.5-dev4", features: &[], switches: Vec::new(), tls_library: None };
    let (mut env, mut diags) = (Environment::empty(), Diags::new());
    config::load(vec![Source::text("fuzz.cfg", CONFIG)], facts, Names::default(), &mut env, &mut diags)
        .expect("a good configuration")
}

fn worker(settings: &'static Settings) -> Live {
    let limits = Limits { maxconn: 100, maxsock: 300, ulimit_n: 300, version: "0", splice_forbidden: false };
    build(settings, limits, &mut Inheritance::default(), &mut Diags::new()).expect("epoll")
}

/// Settings live as long as the process and stay in one thread, so that thread takes all inputs.
static TAKER: LazyLock<Mutex<(Sender<Vec<u8>>, Receiver<()>)>> = LazyLock::new(|| {
    let ((inputs, each), (done, answers)) = (mpsc::channel::<Vec<u8>>(), mpsc::channel());
    thread::spawn(move || {
        let settings: &'static Settings = Box::leak(Box::new(settings()));
        for input in each {
            take(settings, &input);
            done.send(()).expect("someone waits");
        }
    });
    Mutex::new((inputs, answers))
});

fn take(settings: &'static Settings, data: &[u8]) {
    let mut live = worker(settings);
    // The first line is hard to guess and no secret.
    let bytes = [b"subflow-carry 1\n", data].concat();
    let told = carry::import(&mut live, &bytes);
    assert!(told.gone + told.reconfigured <= told.dropped);
    assert!(!told.to_string().is_empty());
    carry::add(&mut live, data);
    let (again, baseline) = carry::export(&live);
    let told = carry::import(&mut worker(settings), &again);
    assert!(told.dropped == 0 && !told.cut, "{told}");
    let since = carry::export_since(&live, &baseline);
    carry::add(&mut live, &since);
}

fuzz_target!(|data: &[u8]| {
    let taker = TAKER.lock().expect("the thread lives");
    taker.0.send(data.to_vec()).expect("the thread lives");
    taker.1.recv().expect("the input did no harm");
});
