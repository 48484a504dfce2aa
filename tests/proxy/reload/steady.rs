//! Nothing grows over many reloads.

use std::fs;

use nix::unistd::Pid;

use super::{SHAPES, Scene, long};

fn rss_kb(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("");
    line.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn fd_count(pid: Pid) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Descriptors of the supervisor, those of its worker, and what both have in memory.
fn held(scene: &Scene) -> (usize, usize, u64) {
    let (supervisor, worker) = (scene.proxy.pid(), scene.worker());
    (fd_count(supervisor), fd_count(worker), rss_kb(supervisor) + rss_kb(worker))
}

#[test]
fn memory_and_descriptors_stay_where_they_are() {
    /// kB that a fresh worker may differ from another.
    const NOISE_KB: u64 = 2048;
    let reloads = if long() { 200 } else { 20 };
    for shape in SHAPES {
        let scene = Scene::new(shape);
        for _ in 0..3 {
            scene.reload();
        }
        scene.until("OldWorkers", 0);
        let (supervisor, worker, kb) = held(&scene);
        for _ in 0..reloads {
            scene.reload();
        }
        scene.until("OldWorkers", 0);
        let (supervisor_after, worker_after, kb_after) = held(&scene);
        assert_eq!((supervisor_after, worker_after), (supervisor, worker), "{shape:?}: descriptors");
        assert!(kb_after <= kb + NOISE_KB, "{shape:?}: {kb} kB before, {kb_after} kB after");
    }
}
