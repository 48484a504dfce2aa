//! Short answers: version, environment, CLI sockets.

use super::rows::{Call, Progress, level_word};
use super::severity::Severity;

/// `show version`
pub fn version(call: &mut Call<'_>) -> Progress {
    let version = call.world.info().version.to_owned();
    call.tell(Severity::Info, &version);
    call.out.push(b'\n');
    Progress::Done
}

/// `show env [var]`
pub fn env(call: &mut Call<'_>) -> Progress {
    if let Some(name) = call.word(2) {
        return match std::env::var_os(name) {
            Some(value) => call.say(&format!("{name}={}", value.to_string_lossy())),
            None => call.refuse("Variable not found"),
        };
    }
    for (name, value) in std::env::vars_os() {
        call.say(&format!("{}={}", name.to_string_lossy(), value.to_string_lossy()));
    }
    Progress::Done
}

/// `show cli sockets`
pub fn cli_sockets(call: &mut Call<'_>) -> Progress {
    call.say("# socket lvl processes");
    let mut at = 0;
    while let Some(socket) = call.world.cli_socket(at) {
        let line = format!("{} {} all", socket.address, level_word(socket.level));
        call.say(&line);
        at += 1;
    }
    Progress::Done
}
