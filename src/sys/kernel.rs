//! Which kernel this is.

use std::fs;

/// Whether the running kernel is Linux `version` (major, minor) or later. A version that cannot be read counts as
/// older. Source: man 5 proc, `/proc/sys/kernel/osrelease`.
pub fn at_least(version: (u32, u32)) -> bool {
    fs::read_to_string("/proc/sys/kernel/osrelease")
        .ok()
        .and_then(|text| parse(&text))
        .is_some_and(|v| v >= version)
}

/// Major and minor version at the start of a release name such as `6.18.44-amd64`.
fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_releases_as_distributions_write_them() {
        assert_eq!(parse("6.1.0-37-amd64\n"), Some((6, 1)));
        assert_eq!(parse("7.0-rc3"), Some((7, 0)));
        assert_eq!(parse("unknown"), None);
    }

    #[test]
    fn every_supported_kernel_is_later_than_2_6() {
        assert!(at_least((2, 6)));
        assert!(!at_least((u32::MAX, 0)));
    }
}
