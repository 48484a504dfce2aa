//! Names of users, groups and network namespaces on this machine.

use nix::unistd::{Group, User};
use std::path::PathBuf;

/// Number of the user called `name`.
pub fn uid_of(name: &str) -> Option<u32> {
    User::from_name(name).ok().flatten().map(|user| user.uid.as_raw())
}

/// Number of the group called `name`.
pub fn gid_of(name: &str) -> Option<u32> {
    Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
}

/// Whether a network namespace is bound to a name under /var/run/netns (ip-netns(8)).
pub fn has_namespace(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && PathBuf::from("/var/run/netns").join(name).exists()
}
