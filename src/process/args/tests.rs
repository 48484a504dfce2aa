use super::*;
use std::collections::HashSet;

fn read(line: &str) -> Result<Args, ArgsError> {
    parse(line.split_whitespace().map(OsString::from))
}

#[test]
fn reads_the_test_drivers_command_lines() {
    let args = read("-d -dM -dI -dW -f /tmp/x/cfg").unwrap();
    assert!(args.debug && args.warnings_are_fatal && args.not_yet.is_empty());
    assert_eq!(args.files, ["/tmp/x/cfg"]);

    let args = read("-W -S fd@5 -dM -L A -V -f cfg -p pid").unwrap();
    assert_eq!(args.supervision, Some(Supervision::Plain));
    assert_eq!(args.master_cli, ["fd@5"]);
    assert_eq!(args.local_peer.as_deref(), Some("A"));
    assert_eq!(args.pid_file.as_deref(), Some(OsStr::new("pid")));
    assert!(args.verbose && args.not_yet.is_empty());
    assert!(args.of_worker().master_cli.is_empty());
}

#[test]
fn every_documented_option_is_read() {
    let all = "-f a -f b -C d -c -D -d -db -q -V -dW -dD -dr -4 -n 5 -N 6 -m 7 -p p -L l -dS -dF -dZ -dR -dG -dV \
               -dM0x30,no-merge -dI -dL -de -dp -dk -ds -dt -dKall -dC -W -Ws -S s -x x -sf 1 2 -st -- c d";
    let args = read(all).unwrap();
    assert_eq!(args.files, ["a", "b", "c", "d"]);
    assert_eq!(args.command, Command::Check);
    assert_eq!(args.supervision, Some(Supervision::Notify));
    assert_eq!(
        (args.connections_max, args.proxy_connections_max, args.memory_max_mb),
        (Some(5), Some(6), Some(7))
    );
    assert_eq!(args.keyword_classes.as_deref(), Some("all"));
    assert_eq!(args.predecessors, Some(Predecessors::Terminate(vec![])));
    assert!(
        args.no_splice
            && args.no_fast_forward
            && args.no_zero_copy
            && args.no_reuseport
            && args.no_getaddrinfo
    );
    assert_eq!(args.not_yet, ["-dC"]);
}

#[test]
fn a_list_of_pids_ends_at_the_next_option() {
    let args = read("-f a -sf 12 34 -q").unwrap();
    assert_eq!(args.predecessors, Some(Predecessors::Finish(vec![12, 34])));
    assert!(args.quiet);
    assert_eq!(read("-sf"), Err(ArgsError::NoFile));
}

#[test]
fn a_condition_needs_no_file() {
    let args = parse(["-dM", "-cc", "feature(EPOLL) && 1"].map(OsString::from)).unwrap();
    assert_eq!(args.command, Command::Condition("feature(EPOLL) && 1".into()));
    assert_eq!(read("-c -cc 1").unwrap().command, Command::Condition("1".into()));
}

#[test]
fn version_and_help_win_where_they_stand() {
    assert_eq!(read("-v nonsense").unwrap().command, Command::Version);
    assert_eq!(read("-dM -vv -zz").unwrap().command, Command::BuildInformation);
    assert_eq!(read("-h").unwrap().command, Command::Help);
    assert_eq!(read("-zz -v"), Err(ArgsError::Unknown("-zz".into())));
}

#[test]
fn what_does_not_fit_is_named() {
    let cases = [
        ("", "no configuration file is named."),
        ("-c", "no configuration file is named."),
        ("-zz", "unknown option '-zz'."),
        ("--help", "unknown option '--help'."),
        ("-cq -f a", "unknown option '-cq'."),
        ("-f a b", "unexpected argument 'b'; files are named with '-f' or after '--'."),
        ("-", "unexpected argument '-'; files are named with '-f' or after '--'."),
        ("-f", "option '-f' expects <file|directory>."),
        ("-cc", "option '-cc' expects <condition>."),
        ("-n", "option '-n' expects <number>."),
        ("-n abc", "option '-n' expects a positive number, not 'abc'."),
        ("-n 0", "option '-n' expects a positive number, not '0'."),
        ("-m -5", "option '-m' expects a positive number, not '-5'."),
        ("-N 99999999999", "option '-N' expects a positive number, not '99999999999'."),
        ("-sf 1 abc", "option '-sf' expects pids, not 'abc'."),
        ("-st 0", "option '-st' expects pids, not '0'."),
    ];
    for (line, expected) in cases {
        assert_eq!(read(line).unwrap_err().to_string(), expected, "{line}");
    }
}

#[test]
fn option_rows_are_unique_and_documented() {
    let mut names = HashSet::new();
    let text = usage();
    for row in OPTIONS {
        assert!(names.insert(row.name), "{} stands twice", row.name);
        assert!(!row.help.is_empty());
        assert!(text.contains(&format!("  {}", row.name)), "{} is missing in the usage", row.name);
    }
}
