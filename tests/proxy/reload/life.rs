//! How the processes end: by the operator's signals, by accident, by the limits on old workers.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{SHAPES, Scene, Shape, WAIT};
use crate::kit::load::Load;
use crate::kit::proxy::{poll_until, subflow};
use crate::kit::sock::Transport;

/// Gone, or dead and waiting for whoever inherited it.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

fn assert_ends(pid: Pid) {
    assert!(poll_until(WAIT, || has_ended(pid).then_some(())).is_some(), "{pid} does not end");
}

#[test]
fn signals_end_both_shapes_as_the_reference_does() {
    for (shape, signal, code) in [
        (Shape::Supervised, Signal::SIGINT, Some(130)),
        (Shape::Supervised, Signal::SIGTERM, Some(0)),
        (Shape::Supervised, Signal::SIGUSR1, Some(0)),
        (Shape::Single, Signal::SIGINT, None),
        (Shape::Single, Signal::SIGTERM, None),
        (Shape::Single, Signal::SIGUSR1, Some(0)),
    ] {
        let mut scene = Scene::new(shape);
        scene.reload();
        let worker = scene.worker();
        scene.proxy.signal(signal);
        let status = scene.proxy.wait(WAIT).expect("it ends");
        assert_eq!(status.code(), code, "{shape:?}, {signal}");
        if code.is_none() {
            assert_eq!(status.signal(), Some(signal as i32), "{shape:?}");
        }
        assert_ends(worker);
    }
}

#[test]
fn a_worker_that_is_killed_ends_the_supervisor_with_its_status() {
    for shape in SHAPES {
        let mut scene = Scene::new(shape);
        let stays = Load::long(1, Transport::Tcp, scene.tcp.addr);
        scene.reload();
        scene.until("OldWorkers", 1);
        let worker = scene.worker();
        stays.stop().assert_whole("a long connection");
        kill(worker, Signal::SIGKILL).expect("kill");
        let status = scene.proxy.wait(WAIT).expect("it ends");
        assert_eq!(status.code(), Some(137), "{shape:?}");
        let said = scene.proxy.stderr();
        assert!(said.contains("exited with code 137 (Killed)"), "{shape:?}: {said}");
    }
}

#[test]
fn no_worker_outlives_a_supervisor_that_is_killed() {
    for shape in SHAPES {
        let mut scene = Scene::new(shape);
        let old = scene.worker();
        let stays = Load::long(1, Transport::Tcp, scene.tcp.addr);
        scene.reload();
        let new = scene.worker();
        // In the single shape the process that was the worker has become the supervisor.
        let old = if shape == Shape::Single { new } else { old };
        scene.until("OldWorkers", 1);
        scene.proxy.signal(Signal::SIGKILL);
        scene.proxy.wait(WAIT).expect("it ends");
        assert_ends(new);
        assert_ends(old);
        drop(stays);
    }
}

#[test]
fn pausing_and_resuming_reach_the_worker() {
    let scene = Scene::new(Shape::Supervised);
    scene.proxy.signal(Signal::SIGTTOU);
    let state = |scene: &Scene| scene.proxy.cli().stat("http", "FRONTEND", "status");
    assert!(poll_until(WAIT, || (state(&scene) == "PAUSED").then_some(())).is_some());
    scene.proxy.signal(Signal::SIGTTIN);
    assert!(poll_until(WAIT, || (state(&scene) == "OPEN").then_some(())).is_some());
}

#[test]
fn old_workers_are_stopped_by_hard_stop_after_and_by_mworker_max_reloads() {
    for (global, reloads) in [("hard-stop-after 100ms", 1), ("mworker-max-reloads 2", 3)] {
        let scene = Scene::with(Shape::Supervised, &subflow(), global);
        let stays = Load::long(2, Transport::Tcp, scene.tcp.addr);
        stays.more(4);
        let old = scene.worker();
        for _ in 0..reloads {
            assert!(!has_ended(old), "{global}");
            scene.reload();
        }
        assert_ends(old);
        stays.more(4);
        let tally = stays.stop();
        assert!(tally.failed > 0, "{global}: its connections ended with it");
    }
}
