use super::super::overview::tests::family;
use super::*;
use crate::service::cli::parser::LINE_LEN_MAX;
use crate::settings::global::CliLevel;

fn admin() -> Session {
    Session::new(Rights { level: CliLevel::Admin, ..Rights::default() })
}

/// Feeds `input` to a session whose workers answer each command with it, and whose reloads succeed.
fn talk_on(session: &mut Session, input: &[u8]) -> String {
    let mut all = Vec::new();
    session.handle_input(input);
    for _ in 0..100_000 {
        match session.run(&family()) {
            Next::Nothing => {}
            Next::Ask(question) => {
                let level = level_word(question.rights.level);
                let text = String::from_utf8_lossy(&question.text).into_owned();
                session.handle_answer(format!("{} {level} {text:?}\n", question.pid).as_bytes());
                session.handle_answer(b"\n");
                session.handle_answer_end();
            }
            Next::Reload(reload) => session.handle_reloaded(reload == Reload::Soft, "logs\n"),
        }
        let page = session.output().len().min(333);
        all.extend_from_slice(&session.output()[..page]);
        session.consume(page);
        if !session.is_busy() {
            return String::from_utf8(all).unwrap();
        }
    }
    panic!("no end of it");
}

fn talk(input: &str) -> String {
    talk_on(&mut admin(), input.as_bytes())
}

#[test]
fn a_prefix_sends_one_command_and_a_prefix_alone_all_that_follow() {
    assert_eq!(talk("@1 show info;show version\n"), "8 admin \"show info\\n\"\n\n9.9\n\n");
    assert_eq!(
        talk("@1; show info ;show  stat\nshow cli level\n@;show version\n"),
        "8 admin \"show info \\n\"\n\n8 admin \"show  stat\\n\"\n\n8 admin \"show cli level\\n\"\n\n9.9\n\n"
    );
    assert_eq!(talk("  @!9\tx\n@master show version\n"), "9 admin \"x\\n\"\n\n9.9\n\n");
    assert_eq!(talk("@1 @!9 x\n"), "8 admin \"@!9 x\\n\"\n\n");
}

#[test]
fn escapes_reach_the_worker_as_they_were_typed() {
    assert_eq!(
        talk("@1 add acl a b\\;c\\ d;show version\n"),
        "8 admin \"add acl a b\\\\;c\\\\ d\\n\"\n\n9.9\n\n"
    );
}

#[test]
fn payloads_go_with_the_last_command_of_their_line() {
    assert_eq!(
        talk("@1; show x; set y <<\nfirst\nshow version; z\n\nlast\n"),
        "8 admin \"show x\\n\"\n\n8 admin \"set y <<\\nfirst\\nshow version; z\\n\\n\"\n\n8 admin \"last\\n\"\n\n"
    );
    assert_eq!(
        talk("@1 set y <<EOF\n\na\nEOF\nshow version\n"),
        "8 admin \"set y <<EOF\\n\\na\\nEOF\\n\"\n\n9.9\n\n"
    );
    assert_eq!(talk("show version <<\nx\n\nshow version\n"), "9.9\n\n9.9\n\n");
    let long = format!("@1 set y <<\n{}", ("x".repeat(999) + "\n").repeat(PAYLOAD_LEN_MAX / 1000 + 1));
    assert_eq!(talk(&long), "Payload too long.\n\n");
}

#[test]
fn an_unknown_process_ends_the_connection() {
    let mut session = admin();
    assert_eq!(
        talk_on(&mut session, b"show version;@2 reload;show version\nshow version\n"),
        "9.9\n\nCan't find the target PID matching the prefix '@2'\n"
    );
    assert!(session.is_done() && !session.wants_input());
}

#[test]
fn the_prompt_shows_the_process_and_the_modes() {
    assert_eq!(
        talk(
            "prompt\nshow version\nexpert-mode on\nexperimental-mode on\nmcli-debug-mode on\n@1\nx\n@\nprompt\n"
        ),
        "master[ReloadFailed]> 9.9\n\nmaster[ReloadFailed]> master[ReloadFailed](e)> master[ReloadFailed](xe)> \
         master[ReloadFailed](xed)> 8(xed)> 8 admin \"x\\n\"\n\n8(xed)> master[ReloadFailed](xed)> "
    );
}

#[test]
fn modes_and_level_go_with_the_commands_of_workers() {
    let mut session = admin();
    session.handle_input(b"expert-mode on; experimental-mode on; @1 x\n");
    let Next::Ask(question) = session.run(&family()) else { panic!("no question") };
    assert!(question.rights.expert && question.rights.experimental);
    session.handle_answer(b"\n");
    session.handle_answer_end();
    session.handle_input(b"@1; operator; x\n");
    let Next::Ask(question) = session.run(&family()) else { panic!("no question") };
    assert_eq!(question.rights, Rights { level: CliLevel::Operator, ..Rights::default() });
}

#[test]
fn levels_bound_what_the_supervisor_does() {
    assert_eq!(
        talk("user;show cli level;reload;operator;show cli level\n"),
        "user\n\nPermission denied\n\nPermission denied\n\nuser\n\n"
    );
    assert_eq!(talk("operator;show cli level;expert-mode on\n"), "operator\n\nPermission denied\n\n");
    assert_eq!(talk("operator;hard-reload\n"), "Success=0\n--\nlogs\n\n");
}

#[test]
fn a_reload_is_answered_and_ends_the_connection() {
    let mut session = admin();
    assert_eq!(
        talk_on(&mut session, b"prompt\nreload;show version\n"),
        "master[ReloadFailed]> Success=1\n--\nlogs\n\n"
    );
    assert!(session.is_done());
    let mut waiting = admin();
    waiting.handle_input(b"reload\n");
    assert_eq!(waiting.run(&family()), Next::Reload(Reload::Soft));
    waiting.handle_eof();
    assert!(waiting.is_waiting() && !waiting.is_done() && !waiting.is_busy());
}

#[test]
fn a_worker_that_dies_leaves_an_error_and_the_connection() {
    for (answer, said) in [("", ""), ("Name: x\nPi", "Name: x\nPi\n"), ("Name: x\n", "Name: x\n")] {
        let mut session = admin();
        session.handle_input(b"@1 show info;show version\n");
        assert!(matches!(session.run(&family()), Next::Ask(_)));
        session.handle_answer(answer.as_bytes());
        session.handle_answer_end();
        let gone = "The worker (8) is gone, its answer is not complete.\n\n";
        assert_eq!(talk_on(&mut session, b""), format!("{said}{gone}9.9\n\n"));
    }
    let mut session = admin();
    session.handle_input(b"@1 quit;show version\n");
    assert!(matches!(session.run(&family()), Next::Ask(_)));
    session.handle_answer_end();
    assert_eq!(talk_on(&mut session, b""), "9.9\n\n");
}

#[test]
fn a_chosen_worker_that_is_gone_gives_the_line_up() {
    let mut session = admin();
    assert_eq!(talk_on(&mut session, b"@!9\n"), "");
    session.handle_input(b"show info; reload\nshow version\n");
    let later = Overview { old: Vec::new(), ..family() };
    assert_eq!(session.run(&later), Next::Nothing);
    assert_eq!(session.output(), b"The worker (9) is gone, its answer is not complete.\n\n9.9\n\n");
}

#[test]
fn unknown_commands_and_help_come_from_the_rows() {
    let answer = talk("show inof\n");
    assert!(answer.starts_with("Unknown command: 'show', but maybe"), "{answer}");
    let help = talk("help\n");
    assert!(help.contains("  hard-reload ") && help.ends_with(": close this connection\n\n"), "{help}");
    assert!(talk("help reload\n").contains("  reload   "));
}

#[test]
fn a_line_without_end_closes_the_connection() {
    let mut session = admin();
    assert_eq!(talk_on(&mut session, &vec![b'x'; LINE_LEN_MAX + 1]), "Line too long.\n\n");
    assert!(session.is_done());
}

#[test]
fn a_half_closed_client_gets_what_it_asked_for() {
    let mut session = admin();
    session.handle_input(b"show version\nshow ver");
    session.handle_eof();
    assert_eq!(talk_on(&mut session, b""), "9.9\n\n");
    assert!(session.is_done());
}

#[test]
fn every_row_is_complete_and_unique() {
    for (at, row) in COMMANDS.iter().enumerate() {
        assert!(row.usage.starts_with(&row.words.join(" ")) && !row.help.is_empty(), "{}", row.usage);
        assert!(COMMANDS[..at].iter().all(|other| other.words != row.words));
    }
}

proptest::proptest! {
    #[test]
    fn the_answer_does_not_depend_on_how_the_bytes_arrive(
        lines in proptest::collection::vec(
            "(prompt|quit|user|@1|@|@!9 x|@1; a;b|show proc|reload|x <<|x <<E|E|@1 x <<|help;;| |@\\PC{0,9}|\\PC{0,9})", 0..6),
        piece_len in 1..20usize,
    ) {
        let input = lines.join("\n") + "\n";
        let whole = talk(&input);
        let mut session = admin();
        let pieces: String =
            input.as_bytes().chunks(piece_len).map(|piece| talk_on(&mut session, piece)).collect();
        proptest::prop_assert_eq!(whole, pieces);
    }
}
