//! What passes from the old worker to the new one.

use super::{SHAPES, Scene, WAIT};
use crate::kit::load::Load;
use crate::kit::proxy::poll_until;
use crate::kit::sock::Transport;

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
