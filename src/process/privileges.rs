//! Giving up what the process does not need once it listens: the file system, groups, user.
//!
//! # Source
//! configuration.txt 3.1 `chroot`, `user`, `uid`, `group`, `gid`, `set-dumpable`; man 7 credentials.

use crate::base::diag::{Diag, Severity};
use crate::process::StartError;
use crate::settings::Global;
use crate::sys::process as sys;

/// Enters the chroot, leaves the groups, takes the group, then the user: each needs the rights that
/// the next gives up. What the configuration does not name is left as it is.
///
/// Call it when all sockets are bound, all files open and the time zone loaded (making a
/// [`Clock`](crate::base::clock::Clock) does that), and before the first connection is accepted.
/// `while_able` is called behind the chroot, the step that a wrong configuration fails, and before the rights to signal
/// other processes go. The messages returned are to be shown; they do not stop the start.
///
/// # Errors
/// A step was refused: the process must not serve, for it has more rights than the operator meant.
pub fn drop(global: &Global, while_able: impl FnOnce()) -> Result<Vec<Diag>, StartError> {
    let mut told = Vec::new();
    if global.set_dumpable {
        // Before the rights go: limits may have to be raised.
        note(
            &mut told,
            sys::lift_core_limits()
                .map_err(|error| StartError::because("Cannot lift the core limits.", &error)),
        );
    }
    if let Some(jail) = &global.chroot {
        let text = format!("Cannot chroot({}).", jail.display());
        sys::change_root(jail).map_err(|error| StartError::because(text, &error))?;
    }
    while_able();
    if let Some(gid) = global.gid {
        note(&mut told, leave_groups(global.uid.is_some()));
        let text = format!("Cannot set gid {gid}.");
        sys::set_group(gid).map_err(|error| StartError::because(text, &error))?;
    }
    if let Some(uid) = global.uid {
        let text = format!("Cannot set uid {uid}.");
        sys::set_user(uid).map_err(|error| StartError::because(text, &error))?;
    }
    if global.set_dumpable {
        // Behind the change of user, which takes it away (man 2 prctl, PR_SET_DUMPABLE).
        let text = "Failed to set the dumpable flag, no core will be dumped.";
        note(&mut told, sys::set_dumpable().map_err(|error| StartError::because(text, &error)));
    }
    Ok(told)
}

fn leave_groups(takes_user: bool) -> Result<(), StartError> {
    if sys::supplementary_groups().is_ok_and(|count| count == 0) {
        return Ok(());
    }
    let hint =
        if takes_user { "" } else { " Using 'gid'/'group' without 'uid'/'user' is generally useless." };
    let text = format!("Failed to drop supplementary groups.{hint}");
    sys::drop_supplementary_groups().map_err(|error| StartError::because(text, &error))
}

fn note(told: &mut Vec<Diag>, done: Result<(), StartError>) {
    if let Err(error) = done {
        told.push(Diag { severity: Severity::Warning, text: error.to_string() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Changing the identity for good is for the black-box tests: here it would be the test runner's.
    #[test]
    fn nothing_configured_changes_nothing() {
        let mut called = false;
        assert_eq!(drop(&Global::default(), || called = true), Ok(Vec::new()));
        assert!(called);
    }

    #[test]
    fn a_chroot_that_is_not_there_stops_the_start() {
        let global = Global { chroot: Some("/nonexistent/jail".into()), ..Global::default() };
        let error = drop(&global, || panic!("the start goes on")).unwrap_err().to_string();
        assert!(error.starts_with("[haproxy.main()] Cannot chroot(/nonexistent/jail). ("), "{error}");
    }
}
