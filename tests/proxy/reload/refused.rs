//! Reloads that come to nothing: the old worker goes on, nobody notices, and the operator is told why.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::{SHAPES, Scene, WAIT};
use crate::kit::load::Load;
use crate::kit::proxy::{poll_until, subflow};
use crate::kit::sink::Sink;
use crate::kit::sock::{self, Transport};

/// The program through a link, so that what stands at its path can be changed.
struct Program {
    dir: TempDir,
}

impl Program {
    fn new() -> Program {
        let program = Program { dir: TempDir::new().expect("a temporary directory") };
        symlink(subflow(), program.path()).expect("a link");
        program
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("subflow")
    }

    fn become_script(&self, script: &str) {
        let new = self.dir.path().join("new");
        fs::write(&new, format!("#!/bin/sh\n{script}\n")).expect("write");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("chmod");
        fs::rename(new, self.path()).expect("rename");
    }

    fn restore(&self) {
        fs::remove_file(self.path()).expect("remove");
        symlink(subflow(), self.path()).expect("a link");
    }
}

/// One way to spoil a reload: what is done before it, the words that its log line must have, what is undone after.
struct Case<'a> {
    name: &'a str,
    spoil: &'a dyn Fn(&Scene, &Program),
    says: &'a str,
    mend: &'a dyn Fn(&Scene, &Program),
}

#[test]
fn whatever_is_wrong_the_old_worker_goes_on() {
    let taken = sock::listen(Transport::Tcp, "127.0.0.1:0".parse().expect("an address"), 5).expect("listen");
    let taken_at = sock::local_addr(&taken);
    let sink = Sink::new();
    let global = format!("log {} local0", sink.addr());
    let good = |scene: &Scene, _: &Program| scene.proxy.reconfigure(&scene.config(&global, ""));
    let restore = |_: &Scene, program: &Program| program.restore();
    let in_use = |scene: &Scene, _: &Program| {
        let more = format!("listen more\n    mode tcp\n    bind {taken_at}\n    server s 127.0.0.1:1\n");
        scene.proxy.reconfigure(&(scene.config(&global, "") + &more));
    };
    let cases = [
        Case {
            name: "a mistake in the configuration",
            spoil: &|scene, _| scene.proxy.reconfigure(&scene.config("maxconn lots", "")),
            says: "parsing [",
            mend: &good,
        },
        Case {
            name: "a mistake whose message is longer than one to the old worker may be",
            spoil: &|scene, _| scene.proxy.reconfigure(&scene.config(&"x".repeat(40_000), "")),
            says: "parsing [",
            mend: &good,
        },
        Case {
            name: "no file",
            spoil: &|scene, _| fs::remove_file(scene.proxy.dir().join("cfg")).expect("remove"),
            says: "No such file",
            mend: &good,
        },
        Case { name: "an address in use", spoil: &in_use, says: "cannot bind socket", mend: &good },
        Case {
            name: "a program that fails",
            spoil: &|_, program| program.become_script("exit 3"),
            says: "code 3",
            mend: &restore,
        },
        Case {
            name: "a program that crashes",
            spoil: &|_, program| program.become_script("kill -SEGV $$"),
            says: "code 139",
            mend: &restore,
        },
        Case {
            name: "a program that cannot be executed",
            spoil: &|_, program| fs::remove_file(program.path()).expect("remove"),
            says: "cannot be started",
            mend: &|_, program| symlink(subflow(), program.path()).expect("a link"),
        },
    ];
    for shape in SHAPES {
        let program = Program::new();
        let scene = Scene::with(shape, &program.path(), &global);
        let short = Load::requests(4, Transport::Tcp, scene.http.addr);
        let stays = Load::long(10, Transport::Tcp, scene.tcp.addr);
        let worker = scene.worker();
        for case in &cases {
            (case.spoil)(&scene, &program);
            scene.reload_in_vain();
            let told =
                std::iter::from_fn(|| sink.next_within(WAIT)).find(|line| line.contains("Reload failed"));
            let told = told.unwrap_or_else(|| panic!("{shape:?}, {}: no log line", case.name));
            assert!(told.contains(case.says), "{shape:?}, {}: {told}", case.name);
            assert_eq!(scene.worker(), worker, "{shape:?}, {}", case.name);
            short.more(20);
            stays.more(20);
            (case.mend)(&scene, &program);
        }
        scene.reload();
        assert_ne!(scene.worker(), worker, "{shape:?}: a good configuration is taken after the bad ones");
        short.more(20);
        short.stop().assert_whole("short connections");
        stays.stop().assert_whole("long connections");
    }
}

#[test]
fn a_reload_while_it_stops_is_refused() {
    let scene = Scene::new(super::Shape::Single);
    let stays = Load::long(1, Transport::Tcp, scene.tcp.addr);
    scene.proxy.signal(Signal::SIGUSR1);
    scene.until("Stopping", 1);
    scene.proxy.signal(Signal::SIGUSR2);
    stays.more(20);
    assert_eq!(scene.number("Reloads"), 0);
    stays.stop().assert_whole("long connections");
}

/// SIGUSR1 while the new worker starts: the stop stays a stop, although that one comes up in the meantime.
#[test]
fn a_stop_during_a_reload_is_not_undone() {
    let program = Program::new();
    let mut scene = Scene::with(super::Shape::Single, &program.path(), "");
    let stays = Load::long(1, Transport::Tcp, scene.tcp.addr);
    let may_go = program.dir.path().join("go");
    let script = format!(
        "while [ ! -e {} ]; do sleep 0.02; done\nexec {} \"$@\"",
        may_go.display(),
        subflow().display()
    );
    program.become_script(&script);
    scene.proxy.signal(Signal::SIGUSR2);
    poll_until(WAIT, || scene.proxy.output().contains("forked").then_some(())).expect("a new worker");
    scene.proxy.signal(Signal::SIGUSR1);
    scene.until("Stopping", 1);
    fs::write(&may_go, "").expect("write");
    let given_up = poll_until(WAIT, || scene.proxy.output().contains("Reload failed").then_some(()));
    assert!(given_up.is_some(), "{}", scene.proxy.output());
    stays.more(20);
    stays.stop().assert_whole("long connections");
    assert!(scene.proxy.wait(WAIT).is_some_and(|status| status.success()), "{}", scene.proxy.output());
}
