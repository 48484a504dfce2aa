//! Commands that change frontends, limits and rates of the process, and that end sessions (management.txt 9.3).

use super::change::{FrontendChange, Rate};
use super::rows::{Call, Progress};
use super::severity;
use super::show_sess;
use super::view::World;

const RATE_USAGE: &str = "'set rate-limit' only supports :
   - 'connections global' to set the per-process maximum connection rate
   - 'sessions global' to set the per-process maximum session rate";

/// The frontend that word `at` names, by its name or by `#` and its id; says what is wrong.
fn frontend(call: &mut Call<'_>, at: usize) -> Option<usize> {
    let Some(named) = call.word(at) else {
        call.refuse("A frontend name is expected.");
        return None;
    };
    let world: &dyn World = call.world;
    let found = (0..).map_while(|at| world.proxy(at)).position(|p| {
        let id = named.strip_prefix('#').map(|number| number.parse() == Ok(p.settings.id));
        p.settings.kind.is_frontend() && id.unwrap_or(p.settings.name == named)
    });
    if found.is_none() {
        call.refuse("No such frontend.");
    }
    found
}

/// `enable frontend <frontend>`
pub fn enable_frontend(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = frontend(call, 2) else { return Progress::Done };
    match call.world.resume_frontend(proxy) {
        FrontendChange::Made => Progress::Done,
        FrontendChange::Already => call.refuse("All sockets are already enabled."),
        FrontendChange::WasShutDown => call.refuse("Frontend was previously shut down, cannot enable."),
        FrontendChange::Failed => {
            call.refuse("Failed to resume frontend, check logs for precise cause (port conflict?).")
        }
    }
}

/// `disable frontend <frontend>`
pub fn disable_frontend(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = frontend(call, 2) else { return Progress::Done };
    match call.world.pause_frontend(proxy) {
        FrontendChange::Made => Progress::Done,
        FrontendChange::Already => call.refuse("All sockets are already disabled."),
        FrontendChange::WasShutDown => call.refuse("Frontend was previously shut down, cannot disable."),
        FrontendChange::Failed => call.refuse("Failed to pause frontend, check logs for precise cause."),
    }
}

/// `shutdown frontend <frontend>`
pub fn shutdown_frontend(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = frontend(call, 2) else { return Progress::Done };
    match call.world.stop_frontend(proxy) {
        FrontendChange::Made => Progress::Done,
        _ => call.refuse("Frontend was already shut down."),
    }
}

/// `shutdown session <id>`
pub fn shutdown_session(call: &mut Call<'_>) -> Progress {
    let Some(id) = call.word(2).and_then(show_sess::id) else {
        return call.refuse("Session pointer expected (use 'show sess').");
    };
    match call.world.kill_session(id) {
        true => Progress::Done,
        false => call.refuse("No such session (use 'show sess')."),
    }
}

/// `set maxconn frontend <frontend> <value>`
pub fn frontend_maxconn(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = frontend(call, 3) else { return Progress::Done };
    let Some(typed) = call.word(4) else { return call.refuse("Integer value expected.") };
    match typed.parse::<u32>() {
        Ok(maxconn) => call.world.set_frontend_maxconn(proxy, maxconn),
        Err(_) => return call.refuse("Value out of range."),
    }
    Progress::Done
}

/// `set maxconn global <value>`; 0 restores the limit of the start.
pub fn process_maxconn(call: &mut Call<'_>) -> Progress {
    let Some(typed) = call.word(3) else { return call.refuse("Expects an integer value.") };
    let hard = u32::try_from(call.world.info().maxconn_hard).unwrap_or(u32::MAX);
    match typed.parse::<u32>() {
        Ok(0) => call.world.set_process_maxconn(hard),
        Ok(maxconn) if maxconn <= hard => call.world.set_process_maxconn(maxconn),
        _ => return call.refuse("Value out of range."),
    }
    Progress::Done
}

/// `set rate-limit <what> global <value>`
pub fn rate_limit(call: &mut Call<'_>) -> Progress {
    let rate = match (call.word(2), call.word(3)) {
        (Some("connections"), Some("global")) => Rate::Connections,
        (Some("sessions"), Some("global")) => Rate::Sessions,
        _ => return call.refuse(RATE_USAGE),
    };
    let Some(typed) = call.word(4) else { return call.refuse("Expects an integer value.") };
    match typed.parse::<u32>() {
        Ok(per_second) => call.world.set_rate(rate, per_second),
        Err(_) => return call.refuse("Value out of range."),
    }
    Progress::Done
}

/// `set severity-output <none|number|string>`
pub fn severity_output(call: &mut Call<'_>) -> Progress {
    match call.word(2).and_then(severity::parse) {
        Some(output) => call.state.rights.severity = output,
        None => return call.refuse("one of 'none', 'number', 'string' is a required argument"),
    }
    Progress::Done
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::expect_answers;

    #[test]
    fn answers_are_those_of_the_reference() {
        let changes = expect_answers(&[
            ("disable frontend", "A frontend name is expected.\n\n"),
            ("disable frontend be", "No such frontend.\n\n"),
            ("disable frontend fe", "\n"),
            ("enable frontend #2", "\n"),
            ("shutdown frontend li", "\n"),
            ("shutdown session", "Session pointer expected (use 'show sess').\n\n"),
            ("shutdown session 0xzz", "Session pointer expected (use 'show sess').\n\n"),
            ("shutdown session 0x1", "No such session (use 'show sess').\n\n"),
            ("shutdown session 0x1001", "\n"),
            ("set maxconn frontend fe", "Integer value expected.\n\n"),
            ("set maxconn frontend fe -1", "Value out of range.\n\n"),
            ("set maxconn frontend fe 7", "\n"),
            ("set maxconn global", "Expects an integer value.\n\n"),
            ("set maxconn global 401", "Value out of range.\n\n"),
            ("set maxconn global 5", "\n"),
            ("set maxconn global 0", "\n"),
            ("set rate-limit connections global", "Expects an integer value.\n\n"),
            ("set rate-limit connections global -1", "Value out of range.\n\n"),
            ("set rate-limit sessions global 10", "\n"),
            ("set severity-output", "one of 'none', 'number', 'string' is a required argument\n\n"),
            (
                "set severity-output number; shutdown session x",
                "\n[3]: Session pointer expected (use 'show sess').\n\n",
            ),
            ("set severity-output string; show version", "\n[info]: 9.9\n\n"),
            ("set severity-output string; get weight be/s1", "\n1 (initial 1)\n\n"),
            (
                "set severity-output string; set weight be/s1 x",
                "\n[err]: Empty weight string empty or preceded by garbage\n",
            ),
            ("set severity-output string; show env zzz", "\n[err]: Variable not found\n\n"),
        ]);
        assert_eq!(
            changes,
            [
                "pause_frontend 0",
                "resume_frontend 0",
                "stop_frontend 2",
                "kill_session 0x1001",
                "set_frontend_maxconn 0 7",
                "set_process_maxconn 5",
                "set_process_maxconn 400",
                "set_rate Sessions 10",
            ]
        );
    }
}
