//! Network namespaces by name, as `ip netns` keeps them under `/var/run/netns`.

use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::io;
use std::path::Path;

/// Runs `make` inside the network namespace `name` and comes back. Sockets stay in the namespace
/// they were made in, so `make` needs to do no more than make one.
///
/// # Errors
/// `ENOENT` when there is no such namespace, `EPERM` without CAP_SYS_ADMIN, or the error of `make`.
///
/// # Panics
/// When the thread cannot return to its own namespace: going on would put every later socket into
/// the wrong one.
pub fn within<T>(name: &str, make: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let own = File::open("/proc/thread-self/ns/net")?;
    let other = File::open(Path::new("/var/run/netns").join(name))?;
    setns(&other, CloneFlags::CLONE_NEWNET)?;
    let made = make();
    if let Err(e) = setns(&own, CloneFlags::CLONE_NEWNET) {
        panic!("cannot return from network namespace '{name}': {e}");
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_does_not_exist_is_an_error_and_changes_nothing() {
        let before = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
        assert!(within("no-such-namespace-of-subflow", || Ok(())).is_err());
        assert!(within("../x", || Ok(())).is_err());
        assert_eq!(std::fs::read_link("/proc/thread-self/ns/net").unwrap(), before);
    }
}
