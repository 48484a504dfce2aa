//! Commands about the dynamic cookies of a backend (management.txt 9.3).

use super::rows::{Call, Progress};

/// The backend that word `at` names; says what is wrong.
fn backend(call: &mut Call<'_>, at: usize) -> Option<usize> {
    let Some(named) = call.word(at) else {
        call.refuse("A backend name is expected.");
        return None;
    };
    let mut proxies = (0..).map_while(|at| call.world.proxy(at));
    let found = proxies.position(|p| p.settings.kind.is_backend() && p.settings.name == named);
    if found.is_none() {
        call.refuse("No such backend.");
    }
    found
}

/// `enable dynamic-cookie backend <backend>`
pub fn enable(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = backend(call, 3) else { return Progress::Done };
    call.world.set_dynamic_cookies(proxy, true);
    Progress::Done
}

/// `disable dynamic-cookie backend <backend>`
pub fn disable(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = backend(call, 3) else { return Progress::Done };
    call.world.set_dynamic_cookies(proxy, false);
    Progress::Done
}

/// `set dynamic-cookie-key backend <backend> <key>`
pub fn set_key(call: &mut Call<'_>) -> Progress {
    let Some(proxy) = backend(call, 3) else { return Progress::Done };
    let Some(key) = call.word(4).map(str::to_owned) else { return call.refuse("String value expected.") };
    call.world.set_cookie_key(proxy, &key);
    Progress::Done
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::expect_answers;

    #[test]
    fn answers_are_those_of_the_reference() {
        let changes = expect_answers(&[
            ("enable dynamic-cookie backend", "A backend name is expected.\n\n"),
            ("disable dynamic-cookie backend fe", "No such backend.\n\n"),
            ("set dynamic-cookie-key backend be", "String value expected.\n\n"),
            ("enable dynamic-cookie backend be", "\n"),
            ("disable dynamic-cookie backend be", "\n"),
            ("set dynamic-cookie-key backend be secret", "\n"),
        ]);
        assert_eq!(
            changes,
            ["set_dynamic_cookies 1 true", "set_dynamic_cookies 1 false", "set_cookie_key 1 secret"]
        );
    }
}
