//! What a session sees of the processes.

use super::session::Target;
use std::fmt::Write as _;

/// One process.
#[derive(Clone, Copy, Debug)]
pub struct Process<'a> {
    /// Its number.
    pub pid: i32,
    /// Reloads since its start, those that failed included.
    pub reloads: u32,
    /// When it started, in seconds since 1970.
    pub started_s: i64,
    /// Its version.
    pub version: &'a str,
}

/// All of them, at one moment.
#[derive(Clone, Debug)]
pub struct Overview<'a> {
    /// The supervisor.
    pub master: Process<'a>,
    /// Reloads that failed since the last one that did not.
    pub failed: u32,
    /// The worker that serves; none when it died and the supervisor goes on.
    pub current: Option<Process<'a>>,
    /// The workers that finish.
    pub old: Vec<Process<'a>>,
    /// Now, in seconds since 1970.
    pub now_s: i64,
    /// Messages of the last start.
    pub startup_logs: &'a str,
}

impl Overview<'_> {
    /// The process that a prefix names; `name` is what stands behind the `@`: nothing, `master`, a relative number
    /// (only the current worker has one, 1) or `!` and a pid.
    pub fn find(&self, name: &str) -> Option<Target> {
        if matches!(name, "" | "master") {
            return Some(Target::Master);
        }
        if let Some(pid) = name.strip_prefix('!') {
            let pid = pid.parse().ok()?;
            return self.is_worker(pid).then_some(Target::Worker(pid));
        }
        match name.parse::<u32>().ok()? {
            0 => Some(Target::Master),
            1 => self.current.map(|worker| Target::Worker(worker.pid)),
            _ => None,
        }
    }

    /// Whether a worker has this pid.
    pub fn is_worker(&self, pid: i32) -> bool {
        self.current.iter().chain(&self.old).any(|worker| worker.pid == pid)
    }

    /// `show proc`
    pub fn table(&self) -> String {
        let mut out = String::new();
        line(&mut out, "#<PID>", "<type>", "<reloads>", "<uptime>", "<version>");
        let reloads = format!("{} [failed: {}]", self.master.reloads, self.failed);
        self.process(&mut out, &self.master, "master", &reloads);
        out.push_str("# workers\n");
        if let Some(worker) = &self.current {
            self.process(&mut out, worker, "worker", &worker.reloads.to_string());
        }
        if !self.old.is_empty() {
            out.push_str("# old workers\n");
        }
        for worker in &self.old {
            self.process(&mut out, worker, "worker", &worker.reloads.to_string());
        }
        out.push_str("# programs\n");
        out
    }

    fn process(&self, out: &mut String, process: &Process<'_>, kind: &str, reloads: &str) {
        let uptime = duration(self.now_s.saturating_sub(process.started_s));
        line(out, &process.pid.to_string(), kind, reloads, &uptime, process.version);
    }
}

fn line(out: &mut String, pid: &str, kind: &str, reloads: &str, uptime: &str, version: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{pid:<15} {kind:<15} {reloads:<15} {uptime:<15} {version:<15}");
}

/// Seconds as `0d00h02m07s`. A clock that was set back makes it 0.
fn duration(secs: i64) -> String {
    let secs = secs.max(0);
    let (days, rest) = (secs / 86_400, secs % 86_400);
    format!("{days}d{:02}h{:02}m{:02}s", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A supervisor (7) with a worker (8) and an old one (9).
    pub fn family() -> Overview<'static> {
        let process = |pid, reloads, started_s| Process { pid, reloads, started_s, version: "9.9" };
        Overview {
            master: process(7, 2, 0),
            failed: 1,
            current: Some(process(8, 0, 90_000)),
            old: vec![process(9, 2, 3)],
            now_s: 90_061,
            startup_logs: "[NOTICE]   (7) : Loading success.\n",
        }
    }

    #[test]
    fn the_table_has_the_columns_of_the_reference() {
        let lines = [
            "#<PID>          <type>          <reloads>       <uptime>        <version>      ",
            "7               master          2 [failed: 1]   1d01h01m01s     9.9            ",
            "# workers",
            "8               worker          0               0d00h01m01s     9.9            ",
            "# old workers",
            "9               worker          2               1d01h00m58s     9.9            ",
            "# programs",
            "",
        ];
        assert_eq!(family().table(), lines.join("\n"));
        let alone = Overview { current: None, old: Vec::new(), ..family() };
        assert_eq!(alone.table(), lines[..3].join("\n") + "\n# programs\n");
    }

    #[test]
    fn prefixes_name_processes() {
        let family = family();
        for (name, target) in [
            ("", Target::Master),
            ("master", Target::Master),
            ("0", Target::Master),
            ("1", Target::Worker(8)),
            ("+01", Target::Worker(8)),
            ("!8", Target::Worker(8)),
            ("!9", Target::Worker(9)),
        ] {
            assert_eq!(family.find(name), Some(target), "{name}");
        }
        for name in ["2", "!7", "!10", "!", "!x", "-1", "x", "1x", "99999999999", "!99999999999"] {
            assert_eq!(family.find(name), None, "{name}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_shows_no_negative_time() {
        assert_eq!(duration(-5), "0d00h00m00s");
    }
}
