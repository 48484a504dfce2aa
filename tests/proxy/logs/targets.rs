//! Frames, targets, tags, host names; targets that are gone, slow or out of reach.

use super::{GET, OK, exchange, expect_exact, expect_shape, http, raw_line, refused};
use crate::kit::peer::WAIT;
use crate::kit::proxy::{poll_until, skip};
use crate::kit::rig::{QUIET, alone, compare, config};
use nix::sys::signal::Signal;
use std::os::unix::net::UnixDatagram;

/// Lines that no socket keeps without a reader.
const REQUESTS_MAX: usize = 3000;

const FRAMES: &str = "frontend log ${log} local0\nfrontend log ${log} format local local1\n\
                      frontend log ${log} format rfc3164 local2\nfrontend log ${log} format rfc5424 local3\n\
                      frontend log ${log} format short local4\nfrontend log ${log} format priority local5\n\
                      frontend log ${log} format timed local6\nfrontend log ${log} format iso local7\n\
                      frontend log ${log} format raw daemon\nfrontend log-format \"%ci %ST\"";

#[test]
fn every_frame() {
    http(&format!("frontend no log\n{FRAMES}"), |rig| {
        exchange(rig, GET, OK);
        (0..9).for_each(|_| expect_shape(rig));
    });
}

#[test]
fn every_frame_with_a_host_name_and_a_tag() {
    let extra =
        format!("global log-send-hostname foo.bar\nfrontend log-tag mytag\nfrontend no log\n{FRAMES}");
    http(&extra, |rig| {
        exchange(rig, GET, OK);
        (0..9).for_each(|_| expect_shape(rig));
    });
}

#[test]
fn the_machines_name_is_another_than_that_of_the_frame() {
    http("global log-send-hostname foo.bar\nfrontend log-format \"%H %ST\"", |rig| {
        exchange(rig, GET, OK);
        expect_shape(rig);
    });
}

#[test]
fn tags_of_global_and_of_the_proxy() {
    http("global log-tag everyone", |rig| {
        exchange(rig, GET, OK);
        rig.note("log", super::shape(raw_line(rig).split(": ").next().unwrap_or("")));
    });
    http("global log-tag everyone\nfrontend log-tag one", |rig| {
        exchange(rig, GET, OK);
        rig.note("log", super::shape(raw_line(rig).split(": ").next().unwrap_or("")));
    });
}

#[test]
fn global_targets_and_own_ones() {
    http(
        "frontend log ${log} format raw local5 info\nfrontend log ${log} local6 err\nfrontend log-format \"%ST\"",
        |rig| {
            exchange(rig, GET, OK);
            expect_shape(rig);
            expect_shape(rig);
            rig.expect_no_log();
        },
    );
}

#[test]
fn samples_lengths_and_lowest_levels() {
    let extra = "frontend no log\nfrontend log ${log} format raw sample 2:2 local0\n\
                 frontend log ${log} len 80 format raw local0\nfrontend log ${log} format short local0 debug notice\n\
                 frontend log-format \"%rt %HU %ST\"";
    http(extra, |rig| {
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "x".repeat(100));
        exchange(rig, &long, OK);
        expect_exact(rig);
        expect_exact(rig);
        exchange(rig, GET, OK);
        (0..3).for_each(|_| expect_exact(rig));
    });
}

#[test]
fn a_unix_target() {
    compare(
        &config(
            "http",
            "frontend no log\nfrontend log ${dir}/log.sock local0\nfrontend log-format \"%ci %ST\"",
        ),
        |rig| {
            let socket = UnixDatagram::bind(rig.proxy.dir().join("log.sock")).expect("bind");
            socket.set_read_timeout(Some(WAIT)).expect("SO_RCVTIMEO");
            exchange(rig, GET, OK);
            let mut room = [0; 4096];
            let len = socket.recv(&mut room).expect("a line");
            rig.note("log", super::shape(&String::from_utf8_lossy(&room[..len])));
        },
    );
}

#[test]
fn a_unix_target_behind_a_chroot_is_reached() {
    if !nix::unistd::geteuid().is_root() {
        return skip("chroot needs root");
    }
    let (outside, jail) =
        (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let path = outside.path().join("log");
    let socket = UnixDatagram::bind(&path).expect("bind");
    socket.set_read_timeout(Some(WAIT)).expect("SO_RCVTIMEO");
    let extra = format!(
        "global chroot {}\nfrontend no log\nfrontend log {} local0\nfrontend log-format \"%ci %ST\"",
        jail.path().display(),
        path.display()
    );
    alone(&config("http", &extra), |rig| {
        exchange(rig, GET, OK);
        let mut room = [0; 4096];
        let len = socket.recv(&mut room).expect("a line");
        assert!(String::from_utf8_lossy(&room[..len]).ends_with(": 127.0.0.1 200\n"));
    });
}

#[test]
fn a_target_that_is_gone_costs_its_lines_and_nothing_else() {
    let extra = "frontend log ${dir}/none local0\nfrontend log-format \"%ST\"";
    alone(&config("http", extra), |rig| {
        for _ in 0..3 {
            exchange(rig, GET, OK);
            raw_line(rig);
        }
        assert_eq!(rig.proxy.cli().info_number("DroppedLogs"), 3);
    });
}

#[test]
fn a_target_that_does_not_read_costs_its_lines_and_nothing_else() {
    let extra = "frontend log ${dir}/slow local0\nfrontend log-format \"%ST\"";
    alone(&config("http", extra), |rig| {
        let _slow = UnixDatagram::bind(rig.proxy.dir().join("slow")).expect("bind");
        // The kernel keeps some datagrams for a socket (man 7 unix, max_dgram_qlen), then refuses more.
        let full = (0..REQUESTS_MAX).any(|n| {
            refused(rig, "BAD\r\n\r\n");
            raw_line(rig);
            n % 50 == 49 && rig.proxy.cli().info_number("DroppedLogs") > 0
        });
        assert!(full, "{REQUESTS_MAX} lines were kept");
    });
}

#[test]
fn each_proxy_says_that_it_stopped() {
    let extra = "frontend log-format \"%ST\"";
    http(extra, |rig| {
        exchange(rig, GET, OK);
        expect_shape(rig);
        rig.proxy.signal(Signal::SIGUSR1);
        let mut stopped = Vec::new();
        poll_until(WAIT, || {
            let line = rig.sink.next_within(QUIET * 2)?;
            if let (Some(at), false) = (line.find("Proxy "), line.contains("<HTTPCLIENT>")) {
                stopped.push(format!("{}{}", &line[..5], &line[at..]));
            }
            (stopped.len() == 2).then_some(())
        });
        stopped.iter().for_each(|line| rig.note("log", line));
    });
}
