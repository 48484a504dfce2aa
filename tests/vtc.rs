//! The scripts of haproxy-compat/vtc, run by varnishtest: a client, a scripted server and the proxy
//! between them. Each runs with subflow, and with the packaged haproxy too, which is what makes
//! them a comparison, unless it has a line `# needs: subflow`.
//!
//! `SUBFLOW_VTC=word cargo test --test vtc` runs only scripts with that word in their path.

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Scripts that run at the same time. Most of their time they wait.
const JOBS: usize = 2;

/// Seconds after which varnishtest ends a script; its own waits are below that.
const SCRIPT_TIME_MAX_S: &str = "20";

/// Seconds after which varnishtest itself is ended.
const RUN_TIME_MAX_S: &str = "30";

/// Lines of the log of a failed script that are shown.
const TAIL_LINES: usize = 40;

/// What varnishtest exits with when a `feature` of the script is missing here.
const EXIT_SKIPPED: i32 = 77;

/// One run at a time, so that the two tests together use no more than `JOBS`.
static ALONE: Mutex<()> = Mutex::new(());

#[derive(Clone)]
struct Script {
    path: PathBuf,
    /// `http/chunked-both-ways.vtc`, as in pending.txt.
    name: String,
    needs_subflow: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("haproxy-compat/vtc")
}

/// Not eprintln: the test runner hides that when a test passes.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// All scripts, by name.
fn scripts() -> Vec<Script> {
    let mut scripts = Vec::new();
    for folder in fs::read_dir(root()).expect("haproxy-compat/vtc is there") {
        let folder = folder.expect("a readable directory").path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder).expect("a readable directory") {
            let path = file.expect("a readable directory").path();
            if path.extension().is_none_or(|e| e != "vtc") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a readable script");
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            let needs_subflow = text.lines().any(|l| l == "# needs: subflow");
            scripts.push(Script { path, name, needs_subflow });
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

/// The scripts to run: all, or those with the word of SUBFLOW_VTC.
fn chosen() -> Vec<Script> {
    let word = std::env::var("SUBFLOW_VTC").unwrap_or_default();
    scripts().into_iter().filter(|s| s.name.contains(&word)).collect()
}

/// Names of pending.txt: scripts that subflow does not pass yet.
fn pending() -> Vec<String> {
    let text = fs::read_to_string(root().join("pending.txt")).expect("pending.txt");
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.map(|l| l.split(':').next().unwrap_or(l).trim().to_owned()).collect()
}

fn can_run(program: &str, flag: &str) -> bool {
    Command::new(program).arg(flag).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs one script with `program`, in a directory of its own.
fn run(script: &Script, program: &str) -> Verdict {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new("timeout")
        .args(["-k", "5", RUN_TIME_MAX_S, "varnishtest", "-t", SCRIPT_TIME_MAX_S])
        .arg(&script.path)
        .env("HAPROXY_PROGRAM", program)
        .env_remove("HAPROXY_ARGS")
        .env("TMPDIR", directory.path())
        .stdin(Stdio::null())
        .output()
        .expect("timeout of coreutils is installed");
    let log = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Verdict::Passed,
        Some(EXIT_SKIPPED) => Verdict::Skipped(log.lines().last().unwrap_or_default().to_owned()),
        _ => Verdict::Failed(tail(&log)),
    }
}

/// The lines where varnishtest says what failed, then the end of the log.
fn tail(log: &str) -> String {
    let mut out = String::new();
    for line in log.lines().filter(|l| l.starts_with("----")) {
        let _ = writeln!(out, "    {line}");
    }
    let lines: Vec<&str> = log.lines().collect();
    for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
        let _ = writeln!(out, "    {line}");
    }
    out
}

/// Runs all `scripts`, `JOBS` at a time; the verdicts are in the order of the scripts.
fn run_all(scripts: &[Script], program: &str) -> Vec<Verdict> {
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let next = Mutex::new(0);
    let verdicts = Mutex::new(vec![Verdict::Passed; scripts.len()]);
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                loop {
                    let at = {
                        let mut next = next.lock().expect("no job panics with the lock");
                        *next += 1;
                        *next - 1
                    };
                    let Some(script) = scripts.get(at) else { break };
                    let verdict = run(script, program);
                    verdicts.lock().expect("no job panics with the lock")[at] = verdict;
                }
            });
        }
    });
    verdicts.into_inner().expect("no job panics with the lock")
}

/// What is wrong about `verdicts`, and what is to be said in any case. A script of `pending` is to fail.
fn judge(scripts: &[Script], verdicts: &[Verdict], pending: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut complaints, mut remarks) = (Vec::new(), Vec::new());
    for (script, verdict) in scripts.iter().zip(verdicts) {
        let name = &script.name;
        match (verdict, pending.contains(name)) {
            (Verdict::Passed, false) => {}
            (Verdict::Skipped(why), _) => remarks.push(format!("SKIP: {name}: {why}")),
            (Verdict::Failed(_), true) => remarks.push(format!("PENDING: {name}")),
            (Verdict::Passed, true) => {
                complaints.push(format!("{name} passes: remove it from haproxy-compat/vtc/pending.txt"));
            }
            (Verdict::Failed(log), false) => complaints.push(format!("{name} failed:\n{log}")),
        }
    }
    (complaints, remarks)
}

/// Runs `scripts` with `program`, says what is to be said, and fails on what is wrong.
fn assert_pass(scripts: &[Script], program: &str, pending: &[String]) {
    assert_verdicts(scripts, &run_all(scripts, program), pending);
}

fn assert_verdicts(scripts: &[Script], verdicts: &[Verdict], pending: &[String]) {
    let (complaints, remarks) = judge(scripts, verdicts, pending);
    remarks.iter().for_each(|r| say(r));
    assert!(
        complaints.is_empty(),
        "{} of {} scripts:\n{}",
        complaints.len(),
        scripts.len(),
        complaints.join("\n")
    );
}

#[test]
fn scripts_pass_with_subflow() {
    if !can_run("varnishtest", "-h") {
        say("SKIP: no varnishtest");
        return;
    }
    assert_pass(&chosen(), env!("CARGO_BIN_EXE_subflow"), &pending());
}

#[test]
fn scripts_pass_with_the_packaged_haproxy() {
    if !can_run("varnishtest", "-h") {
        say("SKIP: no varnishtest");
        return;
    }
    if !can_run("haproxy", "-v") {
        say("SKIP: haproxy is not installed, the scripts of haproxy-compat/vtc are not compared");
        return;
    }
    let scripts: Vec<Script> = chosen().into_iter().filter(|s| !s.needs_subflow).collect();
    // The oracle has races of its own on a loaded machine: a script counts against it when it fails twice.
    let mut verdicts = run_all(&scripts, "haproxy");
    for (script, verdict) in scripts.iter().zip(&mut verdicts) {
        if matches!(verdict, Verdict::Failed(_)) {
            say(&format!("RETRY: {} with haproxy", script.name));
            *verdict = run(script, "haproxy");
        }
    }
    assert_verdicts(&scripts, &verdicts, &[]);
}

#[test]
fn pending_scripts_exist_once() {
    let scripts = scripts();
    let mut seen = Vec::new();
    for name in pending() {
        assert!(scripts.iter().any(|s| s.name == name), "pending.txt names {name}, which is not there");
        assert!(!seen.contains(&name), "pending.txt names {name} twice");
        seen.push(name);
    }
}

#[test]
fn scripts_say_first_what_they_show() {
    let scripts = scripts();
    assert!(scripts.len() >= 60, "only {} scripts are found", scripts.len());
    for script in &scripts {
        let text = fs::read_to_string(&script.path).expect("a readable script");
        assert!(
            text.starts_with("varnishtest \""),
            "{}: the first line is no varnishtest \"...\"",
            script.name
        );
    }
}

#[test]
fn a_pending_script_that_passes_is_a_complaint() {
    let script = |name: &str| Script { path: PathBuf::new(), name: name.to_owned(), needs_subflow: false };
    let scripts = [script("a/passes.vtc"), script("a/fails.vtc"), script("a/skipped.vtc")];
    let verdicts = [Verdict::Passed, Verdict::Failed("log".to_owned()), Verdict::Skipped("why".to_owned())];
    let about = |pending: &[&str]| -> Vec<String> {
        let pending: Vec<String> = pending.iter().map(|p| (*p).to_owned()).collect();
        judge(&scripts, &verdicts, &pending).0
    };
    assert_eq!(about(&["a/fails.vtc"]), [""; 0]);
    assert_eq!(about(&["a/passes.vtc", "a/fails.vtc"]).len(), 1);
    assert!(about(&[])[0].contains("a/fails.vtc failed"));
}
