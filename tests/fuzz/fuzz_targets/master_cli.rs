//! Any bytes from a client of the supervisor, and any answers of its workers: no panic, bounded memory, and the same
//! answer however the bytes arrive.
#![no_main]

use libfuzzer_sys::fuzz_target;
use subflow::process::master_cli::session::{Next, Session};
use subflow::process::master_cli::{Overview, Process, Reload};
use subflow::service::cli::Rights;
use subflow::service::cli::rows::OUTPUT_PAGE_LEN;
use subflow::settings::global::CliLevel;

fn family() -> Overview<'static> {
    let process = |pid| Process { pid, reloads: 0, started_s: 0, version: "0" };
    Overview {
        master: process(1),
        failed: 0,
        current: Some(process(2)),
        old: vec![process(3)],
        now_s: 0,
        startup_logs: "x\n",
    }
}

fuzz_target!(|input: (u8, &[u8], &[u8])| {
    let (piece_len, bytes, answer) = input;
    let whole = talk(bytes, bytes.len().max(1), answer);
    assert_eq!(whole, talk(bytes, usize::from(piece_len).max(1), answer));
});

fn talk(bytes: &[u8], piece_len: usize, answer: &[u8]) -> Vec<u8> {
    let mut session = Session::new(Rights { level: CliLevel::Admin, ..Rights::default() });
    let mut all = Vec::new();
    for piece in bytes.chunks(piece_len) {
        session.handle_input(piece);
        drain(&mut session, answer, &mut all);
    }
    session.handle_eof();
    drain(&mut session, answer, &mut all);
    assert!(session.is_done());
    all
}

fn drain(session: &mut Session, answer: &[u8], all: &mut Vec<u8>) {
    loop {
        match session.run(&family()) {
            Next::Nothing => {}
            Next::Ask(question) => {
                assert!(question.text.ends_with(b"\n"));
                session.handle_answer(answer);
                session.handle_answer_end();
            }
            Next::Reload(reload) => session.handle_reloaded(reload == Reload::Soft, "x\n"),
        }
        let page = session.output().to_vec();
        // A page, and the longest answer that is given at once.
        assert!(page.len() < 2 * OUTPUT_PAGE_LEN + answer.len());
        if page.is_empty() && !session.is_busy() {
            return;
        }
        session.consume(page.len());
        all.extend(page);
    }
}
