//! Short answers: version, environment, CLI sockets.

use super::rows::{Call, OUTPUT_PAGE_LEN, Progress, level_word};
use super::severity::Severity;

/// `show version`
pub fn version(call: &mut Call<'_>) -> Progress {
    let version = call.world.info().version.to_owned();
    call.tell(Severity::Info, &version);
    call.out.push(b'\n');
    Progress::Done
}

/// `show env [var]`: the environment as the configuration left it. The cursor's `outer` is the next variable.
pub fn env(call: &mut Call<'_>) -> Progress {
    let words = call.words;
    let wanted = words.get(2).filter(|name| !name.is_empty());
    let variables = &call.world.info().global.environment;
    let from = call.cursor.outer;
    for (at, (name, value)) in variables.iter().enumerate().skip(from) {
        if wanted.is_some_and(|wanted| wanted.as_bytes() != name) {
            continue;
        }
        call.out.extend_from_slice(&[name, &b"="[..], value, b"\n"].concat());
        if wanted.is_some() {
            return Progress::Done;
        }
        if call.out.len() >= OUTPUT_PAGE_LEN {
            call.cursor.outer = at + 1;
            return Progress::More;
        }
    }
    match wanted {
        Some(_) => call.refuse("Variable not found"),
        None => Progress::Done,
    }
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

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::{TestWorld, answer};

    fn world(variables: impl IntoIterator<Item = (String, String)>) -> TestWorld {
        let mut world = TestWorld::new();
        let bytes = |(name, value): (String, String)| (name.into_bytes(), value.into_bytes());
        world.settings.global.environment = variables.into_iter().map(bytes).collect();
        world
    }

    #[test]
    fn one_variable_or_all_are_shown() {
        let mut world = world([("A".into(), "1".into()), ("AB".into(), String::new())]);
        assert_eq!(answer(&mut world, "show env"), "A=1\nAB=\n\n");
        assert_eq!(answer(&mut world, "show env AB"), "AB=\n\n");
        assert_eq!(answer(&mut world, "show env B"), "Variable not found\n\n");
    }

    #[test]
    fn many_variables_come_in_pages() {
        let mut world = world((0..2000).map(|at| (format!("VAR{at}"), "x".repeat(50))));
        assert_eq!(
            answer(&mut world, "show env").lines().filter(|line| line.starts_with("VAR")).count(),
            2000
        );
    }
}
