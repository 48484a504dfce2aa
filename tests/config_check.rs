//! `subflow -c` on the files of tests/config: those in `good` are accepted, those in `bad` refused,
//! and what is said is what stands in the `.stderr` file beside each.
//!
//! `SUBFLOW_BLESS=1 cargo test --test config_check` writes those files anew: read the difference
//! before committing it, the messages are an interface.
//!
//! A file may have a line `# reference: differs, <why>`; on all others the packaged haproxy must
//! come to the same verdict. With `# reference: warns, <why>` it says more than subflow.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Seconds after which a check that hangs is ended.
const CHECK_TIME_MAX_S: &str = "30";

const SUBFLOW: &str = env!("CARGO_BIN_EXE_subflow");

/// What the files find in their environment, beside PATH.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("SUBFLOW_TEST_PORT", "8080"),
    ("SUBFLOW_TEST_EMPTY", ""),
    ("SUBFLOW_TEST_BIND_OPTIONS", "name www maxconn 10"),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Accepted,
    Refused,
}

impl Verdict {
    fn exit_code(self) -> i32 {
        match self {
            Verdict::Accepted => 0,
            Verdict::Refused => 1,
        }
    }
}

struct Case {
    path: PathBuf,
    file: String,
    verdict: Verdict,
    reference_differs: bool,
    reference_warns: bool,
}

impl Case {
    /// As in pending.txt: `bad/x.cfg`.
    fn name(&self) -> String {
        let directory = if self.verdict == Verdict::Accepted { "good" } else { "bad" };
        format!("{directory}/{}", self.file)
    }

    fn golden(&self) -> PathBuf {
        self.path.with_extension("stderr")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config")
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (directory, verdict) in [("good", Verdict::Accepted), ("bad", Verdict::Refused)] {
        for entry in fs::read_dir(root().join(directory)).expect("tests/config is there") {
            let path = entry.expect("a readable directory").path();
            if path.extension().is_some_and(|e| e == "cfg") {
                let text = fs::read(&path).expect("a readable file");
                let text = String::from_utf8_lossy(&text);
                let file = path.file_name().expect("a name").to_string_lossy().into_owned();
                let reference = |word: &str| {
                    text.lines().any(|l| l.strip_prefix("# reference: ").is_some_and(|l| l.starts_with(word)))
                };
                let (reference_differs, reference_warns) = (reference("differs"), reference("warns"));
                cases.push(Case { path, file, verdict, reference_differs, reference_warns });
            }
        }
    }
    cases.sort_by(|a, b| a.path.cmp(&b.path));
    cases
}

/// `program` with the environment that the files expect, ended if it hangs.
fn program(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command
        .args([CHECK_TIME_MAX_S, program])
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .envs(ENVIRONMENT.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Whether the packaged haproxy can be asked; says so if not.
fn has_haproxy(what: &str) -> bool {
    let found = Command::new("haproxy").arg("-v").output().is_ok();
    if !found {
        // Not eprintln: the test runner hides that when a test passes.
        let _ = writeln!(std::io::stderr(), "SKIP: haproxy is not installed, {what} are not compared");
    }
    found
}

/// Runs `program -c -f FILE` in the file's directory, so that messages name the file alone. Standard
/// input is a listening socket, for `fd@0`.
fn check(name: &str, case: &Case, more: &[&str]) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    program(name)
        .args(more)
        .args(["-c", "-f", &case.file])
        .current_dir(case.path.parent().expect("a directory"))
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .output()
        .expect("timeout of coreutils is installed")
}

/// Standard error without what differs from run to run: process ids, and the lines that say which
/// program speaks.
fn normalised(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let mut out = String::new();
    for line in text.lines() {
        if line.contains(" version is ") || line.contains(" path to executable is ") {
            continue;
        }
        out.push_str(&without_pid(line));
        out.push('\n');
    }
    out
}

/// `[ALERT]    (123) : x` becomes `[ALERT]    (PID) : x`.
fn without_pid(line: &str) -> String {
    let Some((head, tail)) = line.split_once('(') else { return line.to_owned() };
    let Some((pid, rest)) = tail.split_once(')') else { return line.to_owned() };
    if line.starts_with('[') && !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()) {
        format!("{head}(PID){rest}")
    } else {
        line.to_owned()
    }
}

/// What is known to be wrong: the file and in what way. A line must go when its file passes.
fn pending() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("pending.txt")).expect("tests/config is there");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(file, why)| (file.to_owned(), why.to_owned()))
        .collect()
}

/// What is wrong with the answer to a file, if anything.
fn complaint(case: &Case, output: &Output) -> Option<String> {
    let said = normalised(&output.stderr);
    if output.status.code() != Some(case.verdict.exit_code()) {
        return Some(format!("should be {:?}, {}\n{said}", case.verdict, output.status));
    }
    if !output.stdout.is_empty() {
        return Some("writes to standard output without -V".to_owned());
    }
    let expected = fs::read_to_string(case.golden()).unwrap_or_default();
    (said != expected).then(|| format!("expected\n{expected}but was\n{said}"))
}

#[test]
fn every_file_gets_its_verdict_and_its_message() {
    let bless = std::env::var_os("SUBFLOW_BLESS").is_some();
    let pending = pending();
    let mut failures = Vec::new();
    for case in cases() {
        let output = check(SUBFLOW, &case, &[]);
        let known = pending.contains_key(&case.name());
        if bless && !known && output.status.code() == Some(case.verdict.exit_code()) {
            write_golden(&case, &normalised(&output.stderr));
        }
        match (complaint(&case, &output), known) {
            (Some(what), false) => failures.push(format!("{}: {what}", case.name())),
            (None, true) => failures.push(format!("{}: passes now, take it out of pending.txt", case.name())),
            _ => {}
        }
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_is_pending_is_there_and_says_why() {
    let mut names: Vec<String> = cases().iter().map(Case::name).collect();
    names.extend(COMMAND_LINES.iter().map(|(words, _)| words.join(" ")));
    for (file, why) in pending() {
        let known = names.contains(&file) || Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists();
        assert!(known && !why.is_empty(), "{file}");
        // Not eprintln: the test runner hides that when a test passes.
        let _ = writeln!(std::io::stderr(), "PENDING: {file}: {why}");
    }
}

/// A file that is accepted without a word has no golden file.
fn write_golden(case: &Case, said: &str) {
    if said.is_empty() {
        let _ = fs::remove_file(case.golden());
    } else {
        fs::write(case.golden(), said).expect("tests/config can be written");
    }
}

#[test]
fn every_refusal_has_a_golden_message_and_no_golden_file_is_left_over() {
    let cases = cases();
    for case in cases.iter().filter(|c| c.verdict == Verdict::Refused) {
        let golden = fs::read_to_string(case.golden()).unwrap_or_default();
        assert!(golden.contains("[ALERT]"), "{}: no alert in its golden file", case.path.display());
    }
    for directory in ["good", "bad"] {
        for entry in fs::read_dir(root().join(directory)).expect("tests/config is there") {
            let path = entry.expect("a readable directory").path();
            assert!(path.with_extension("cfg").exists(), "{}: belongs to no file", path.display());
        }
    }
}

#[test]
fn the_packaged_haproxy_comes_to_the_same_verdicts() {
    if !has_haproxy("verdicts") {
        return;
    }
    let compared: Vec<Case> = cases().into_iter().filter(|c| !c.reference_differs).collect();
    let mut failures = Vec::new();
    for case in &compared {
        let output = check("haproxy", case, &[]);
        if output.status.code() != Some(case.verdict.exit_code()) {
            failures.push(format!(
                "{}: here {:?}, haproxy says {}\n{}",
                case.path.display(),
                case.verdict,
                output.status,
                normalised(&output.stderr)
            ));
        }
    }
    assert!(failures.is_empty(), "{} of {}\n\n{}", failures.len(), compared.len(), failures.join("\n"));
}

#[test]
fn the_packaged_haproxy_warns_about_the_same_files() {
    if !has_haproxy("warnings") {
        return;
    }
    let accepted = cases().into_iter().filter(|c| c.verdict == Verdict::Accepted);
    let pending = pending();
    let comparable =
        |c: &Case| !c.reference_differs && !c.reference_warns && !pending.contains_key(&c.name());
    let accepted = accepted.filter(comparable);
    let mut failures = Vec::new();
    for case in accepted {
        let said = normalised(&check("haproxy", &case, &[]).stderr);
        let golden = fs::read_to_string(case.golden()).unwrap_or_default();
        if said.contains("[WARNING]") != golden.contains("[WARNING]") {
            failures.push(format!("{}: here\n{golden}haproxy\n{said}", case.path.display()));
        }
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn warnings_and_nothing_else_are_fatal_under_dw() {
    let pending = pending();
    let accepted = |c: &&Case| c.verdict == Verdict::Accepted && !pending.contains_key(&c.name());
    for case in cases().iter().filter(accepted) {
        let golden = fs::read_to_string(case.golden()).unwrap_or_default();
        let verdict = if golden.contains("[WARNING]") { Verdict::Refused } else { Verdict::Accepted };
        let output = check(SUBFLOW, case, &["-dW"]);
        assert_eq!(
            output.status.code(),
            Some(verdict.exit_code()),
            "{}\n{}",
            case.path.display(),
            normalised(&output.stderr)
        );
    }
}

/// A line of conditions.txt.
struct Condition {
    exit_code: i32,
    in_haproxy: bool,
    text: String,
}

fn conditions() -> Vec<Condition> {
    let text = fs::read_to_string(root().join("conditions.txt")).expect("tests/config is there");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.splitn(3, '\t').collect();
            let [exit_code, who, text] = fields[..] else { panic!("not three fields: {line}") };
            let exit_code = exit_code.parse().expect("an exit status");
            Condition { exit_code, in_haproxy: who == "both", text: text.to_owned() }
        })
        .collect()
}

fn wrong_conditions(name: &str, conditions: &[Condition]) -> Vec<String> {
    let mut wrong = Vec::new();
    for condition in conditions {
        let output = program(name).args(["-cc", &condition.text]).output().expect("timeout is installed");
        if output.status.code() != Some(condition.exit_code) {
            let (text, expected) = (&condition.text, condition.exit_code);
            wrong.push(format!("-cc '{text}': expected {expected}, {}", output.status));
        }
    }
    wrong
}

#[test]
fn every_condition_of_cc_has_its_exit_status() {
    let wrong = wrong_conditions(SUBFLOW, &conditions());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_packaged_haproxy_agrees_on_conditions() {
    if !has_haproxy("conditions") {
        return;
    }
    let known: Vec<Condition> = conditions().into_iter().filter(|c| c.in_haproxy).collect();
    let wrong = wrong_conditions("haproxy", &known);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Words behind the program, run in tests/config, and the exit status.
const COMMAND_LINES: &[(&[&str], i32)] = &[
    (&["-c", "-f", "several"], 0),
    (&["-c", "-f", "several", "-f", "good/bind_plain_forms.cfg"], 0),
    (&["-c", "-f", "several/10-defaults.cfg", "-f", "several/20-web.cfg", "-f", "several/30-app.cfg"], 0),
    (&["-c", "-f", "several/10-defaults.cfg", "--", "several/20-web.cfg", "several/30-app.cfg"], 0),
    (&["-c", "-C", "several", "-f", "10-defaults.cfg", "-f", "20-web.cfg", "-f", "30-app.cfg"], 0),
    (&["-c", "-q", "-f", "several"], 0),
    (&["-c", "-V", "-f", "several"], 0),
    (&["-c", "-dW", "-f", "several"], 0),
    // The web stands before its timeouts: a warning.
    (&["-c", "-f", "several/20-web.cfg", "-f", "several/30-app.cfg", "-f", "several/10-defaults.cfg"], 0),
    (
        &[
            "-c",
            "-dW",
            "-f",
            "several/20-web.cfg",
            "-f",
            "several/30-app.cfg",
            "-f",
            "several/10-defaults.cfg",
        ],
        1,
    ),
    // The backend is missing.
    (&["-c", "-f", "several/10-defaults.cfg", "-f", "several/20-web.cfg"], 1),
    (&["-c", "-q", "-f", "several/20-web.cfg"], 1),
    // Nothing to listen on.
    (&["-c", "-f", "several/10-defaults.cfg"], 2),
    (&["-c", "-f", "/dev/null"], 2),
    (&["-c", "-f", "no-such-file.cfg"], 1),
    (&["-c", "-f", "several", "-f", "no-such-file.cfg"], 1),
    (&["-c"], 1),
    (&["-c", "-f"], 1),
];

/// The command lines that end otherwise, and how.
fn wrong_command_lines(name: &str) -> Vec<(String, String)> {
    let mut wrong = Vec::new();
    for (words, exit_code) in COMMAND_LINES {
        let output = program(name).args(*words).current_dir(root()).output().expect("timeout is installed");
        if output.status.code() != Some(*exit_code) {
            let said = normalised(&output.stderr);
            let line = words.join(" ");
            let what = format!("{line}: expected {exit_code}, {}\n{said}", output.status);
            wrong.push((line, what));
        }
    }
    wrong
}

#[test]
fn every_command_line_has_its_exit_status() {
    let pending = pending();
    let (known, wrong): (Vec<_>, Vec<_>) =
        wrong_command_lines(SUBFLOW).into_iter().partition(|(line, _)| pending.contains_key(line));
    let lines = COMMAND_LINES.iter().map(|(words, _)| words.join(" "));
    for line in lines.filter(|line| pending.contains_key(line)) {
        assert!(known.iter().any(|(l, _)| *l == line), "{line}: passes now, take it out of pending.txt");
    }
    let wrong: Vec<String> = wrong.into_iter().map(|(_, what)| what).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_packaged_haproxy_agrees_on_command_lines() {
    if has_haproxy("command lines") {
        let wrong = wrong_command_lines("haproxy");
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[test]
fn the_example_configurations_are_accepted_without_a_word() {
    let pending = pending();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("haproxy-compat/configs");
    for entry in fs::read_dir(&directory).expect("the examples are there") {
        let path = entry.expect("a readable directory").path();
        if path.extension().is_none_or(|e| e != "cfg") {
            continue;
        }
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let output = program(SUBFLOW).args(["-c", "-f", &file]).current_dir(&directory).output();
        let output = output.expect("timeout is installed");
        let passes = output.status.success() && output.stderr.is_empty();
        let known = pending.contains_key(&format!("haproxy-compat/configs/{file}"));
        assert_ne!(passes, known, "{file}: {}\n{}", output.status, normalised(&output.stderr));
    }
}

#[test]
fn a_message_names_the_file_it_is_about() {
    let words = ["-c", "-f", "several", "-f", "bad/unknown_keyword_in_listen.cfg"];
    let output = program(SUBFLOW).args(words).current_dir(root()).output().expect("timeout is installed");
    let said = normalised(&output.stderr);
    assert!(said.contains("[bad/unknown_keyword_in_listen.cfg:8]"), "{said}");
}

#[test]
fn there_are_enough_files_of_each_kind() {
    let cases = cases();
    let accepted = cases.iter().filter(|c| c.verdict == Verdict::Accepted).count();
    assert!(accepted >= 90, "{accepted} good files");
    assert!(cases.len() - accepted >= 140, "{} bad files", cases.len() - accepted);
}

#[test]
fn pids_are_taken_out_of_messages_and_nothing_else_is() {
    assert_eq!(without_pid("[ALERT]    (12) : config : f(3)"), "[ALERT]    (PID) : config : f(3)");
    assert_eq!(without_pid("  streq(1)"), "  streq(1)");
    assert_eq!(without_pid("[NOTICE] none"), "[NOTICE] none");
}
