//! What passes from the old worker to the new one.

use super::{SHAPES, Scene, WAIT};
use crate::kit::load::Load;
use crate::kit::proxy::poll_until;
use crate::kit::sock::{self, Transport};
use std::fs;

fn cell(scene: &Scene, proxy: &str, service: &str, column: &str) -> u64 {
    let text = scene.proxy.cli().stat(proxy, service, column);
    text.parse().unwrap_or_else(|_| panic!("{proxy}/{service} {column} is {text:?}"))
}

#[test]
fn counters_go_on_and_lose_nothing() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let stays = Load::long(3, Transport::Tcp, scene.tcp.addr);
        let short = Load::requests(3, Transport::Tcp, scene.http.addr);
        let mut done = 0;
        for _ in 0..3 {
            short.more(30);
            stays.more(6);
            let before = cell(&scene, "http", "FRONTEND", "stot");
            scene.reload();
            let after = cell(&scene, "http", "FRONTEND", "stot");
            assert!(after >= before && before >= done, "{shape:?}: {before} before, {after} after");
            done = after;
        }
        let tally = short.stop();
        tally.assert_whole("short connections");
        stays.stop().assert_whole("long connections");
        // What the old workers counted to their end is added when they are gone.
        scene.until("OldWorkers", 0);
        let whole = poll_until(WAIT, || {
            (cell(&scene, "http", "FRONTEND", "stot") == tally.done
                && cell(&scene, "tcp", "BACKEND", "stot") == 3)
                .then_some(())
        });
        let counted = cell(&scene, "http", "FRONTEND", "stot");
        assert!(whole.is_some(), "{shape:?}: {} requests, {counted} counted", tally.done);
        assert_eq!(cell(&scene, "http", "s", "hrsp_2xx"), tally.done, "{shape:?}");
        assert_eq!(cell(&scene, "http", "FRONTEND", "scur"), 0, "{shape:?}");
    }
}

#[test]
fn what_the_operator_set_at_run_time_stays() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let cli = scene.proxy.cli();
        cli.command("set server http/s state maint");
        cli.command("set server tcp/s weight 50%");
        let words =
            ["http/s", "tcp/s"].map(|server| scene.proxy.cli().command(&format!("get weight {server}")));
        assert_eq!(cli.stat("http", "s", "status"), "MAINT");
        for _ in 0..2 {
            scene.reload();
            assert_eq!(scene.proxy.cli().stat("http", "s", "status"), "MAINT", "{shape:?}");
            let after = ["http/s", "tcp/s"].map(|s| scene.proxy.cli().command(&format!("get weight {s}")));
            assert_eq!(after, words, "{shape:?}");
        }
    }
}

#[test]
fn a_paused_frontend_stays_paused_and_can_be_resumed() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let open = || sock::connect(Transport::Tcp, scene.http.addr).is_ok();
        scene.proxy.cli().command("disable frontend http");
        assert!(!open(), "{shape:?}");
        for _ in 0..2 {
            scene.reload();
            assert_eq!(scene.proxy.cli().stat("http", "FRONTEND", "status"), "PAUSED", "{shape:?}");
            assert!(!open(), "{shape:?}");
            assert!(sock::connect(Transport::Tcp, scene.tcp.addr).is_ok(), "{shape:?}");
        }
        assert_eq!(scene.proxy.cli().command("enable frontend http"), "\n", "{shape:?}");
        assert!(open(), "{shape:?}");
    }
}

#[test]
fn an_edited_configuration_wins_and_what_was_dropped_is_told() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let cli = scene.proxy.cli();
        cli.command("set server http/s weight 0; set server tcp/s weight 0");
        cli.command("set server http/s addr 127.0.0.9 port 9; set server tcp/s addr 127.0.0.9 port 9");
        cli.command("set maxconn frontend http 7; set rate-limit sessions global 900");
        let origin = scene.origin.to_string();
        let edited = scene.config("", "").replace(&origin, &format!("{origin} weight 30"));
        scene.proxy.reconfigure(&edited);
        scene.reload();
        let weight = |server: &str| scene.proxy.cli().command(&format!("get weight {server}"));
        assert_eq!(weight("http/s").trim(), "30 (initial 30)", "{shape:?}");
        assert_eq!(weight("tcp/s").trim(), "0 (initial 1)", "{shape:?}");
        for proxy in ["http", "tcp"] {
            assert_eq!(scene.proxy.cli().stat(proxy, "s", "addr"), "127.0.0.9:9", "{shape:?}");
        }
        assert_eq!(cell(&scene, "http", "FRONTEND", "slim"), 7, "{shape:?}");
        assert_eq!(scene.number("SessRateLimit"), 900, "{shape:?}");
        let told = "5 run-time settings taken over, 1 dropped (0 of objects that are gone, 1 whose configuration changed)";
        let seen = poll_until(WAIT, || scene.proxy.output().contains(told).then_some(()));
        assert!(seen.is_some(), "{shape:?}: {}", scene.proxy.output());
    }
}

#[test]
fn what_passes_over_wins_over_a_state_file() {
    for shape in SHAPES {
        let scene = Scene::new(shape);
        let state = |proxy: &str, id: u32, weight: u32| {
            format!("{id} {proxy} 1 s - 2 8 {weight} 1 60 1 0 2 0 0 0 0 - 1 - 0 0 - - 0\n")
        };
        let file = scene.proxy.dir().join("states");
        fs::write(&file, format!("1\n{}{}", state("http", 2, 40), state("new", 4, 50))).expect("write");
        let global = format!("server-state-file {}", file.display());
        let new = "listen new\n    mode tcp\n    bind unix@${dir}/new.sock\n    server s 127.0.0.1:1\n";
        let with = scene.config(&global, "") + new;
        scene
            .proxy
            .reconfigure(&with.replace("defaults\n", "defaults\n    load-server-state-from-file global\n"));
        scene.reload();
        let seen = |proxy: &str| {
            (scene.proxy.cli().stat(proxy, "s", "weight"), scene.proxy.cli().stat(proxy, "s", "status"))
        };
        assert_eq!(seen("http"), ("1".to_owned(), "no check".to_owned()), "{shape:?}");
        assert_eq!(
            seen("new"),
            ("50".to_owned(), "DRAIN".to_owned()),
            "{shape:?}: the old worker did not have it"
        );
        assert_eq!(scene.proxy.cli().stat("http", "s", "addr"), scene.origin.to_string(), "{shape:?}");
    }
}
