//! Network namespaces joined by veth pairs, for what loopback cannot show: paths that are cut, sysctls.

use std::fs::File;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::sched::{CloneFlags, setns};

use super::proxy::{run, skip};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A namespace with its loopback up; removed, with its links, when dropped.
pub struct Netns {
    name: String,
}

impl Netns {
    /// A new one; none, said aloud, without the privilege or the tool.
    pub fn new() -> Option<Netns> {
        if !nix::unistd::geteuid().is_root() {
            skip("network namespaces need root");
            return None;
        }
        let name = format!("sf{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        if let Err(error) = try_ip(&["netns", "add", &name]) {
            skip(&format!("ip netns add: {error}"));
            return None;
        }
        let netns = Netns { name };
        netns.ip(&["link", "set", "lo", "up"]);
        Some(netns)
    }

    /// `ip -n <name> args`, which must work.
    pub fn ip(&self, args: &[&str]) {
        let all = [&["-n", &self.name], args].concat();
        try_ip(&all).unwrap_or_else(|error| panic!("ip {}: {error}", all.join(" ")));
    }

    /// Joins two namespaces by a link: (device, address with prefix length) here and there.
    pub fn link(&self, here: (&str, &str), other: &Netns, there: (&str, &str)) {
        self.ip(&["link", "add", here.0, "type", "veth", "peer", "name", there.0, "netns", &other.name]);
        for (netns, (device, address)) in [(self, here), (other, there)] {
            netns.ip(&["addr", "add", address, "dev", device]);
            netns.ip(&["link", "set", device, "up"]);
        }
    }

    /// Writes a sysctl of this namespace, by its path under /proc/sys.
    pub fn sysctl(&self, path: &str, value: &str) {
        self.run(|| std::fs::write(format!("/proc/sys/{path}"), value))
            .unwrap_or_else(|error| panic!("{path}={value}: {error}"));
    }

    /// Runs `work` on a thread inside the namespace. Sockets it makes and programs it starts belong there
    /// and stay there after it.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = File::open(format!("/run/netns/{}", self.name)).expect("the namespace");
        std::thread::scope(|scope| {
            let inside = scope.spawn(move || {
                setns(&file, CloneFlags::CLONE_NEWNET).expect("setns");
                work()
            });
            inside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let _ = try_ip(&["netns", "del", &self.name]);
    }
}

fn try_ip(args: &[&str]) -> Result<(), String> {
    let (status, _, stderr) = run(Command::new("ip").args(args));
    if status.success() { Ok(()) } else { Err(stderr.trim().to_owned()) }
}
