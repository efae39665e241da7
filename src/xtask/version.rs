//! Versions of outside programs: asked for, read, compared.

use std::process::Command;

/// The first three numbers of a version, missing ones as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32, pub(crate) u32);

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl Version {
    /// The version in a program's answer: `v20.20.2`, `rustc 1.96.0 (…)`, `20.19.2+dfsg-1`.
    pub(crate) fn find_in(text: &str) -> Option<Self> {
        text.split(|character: char| !(character.is_ascii_digit() || character == '.'))
            .filter(|word| word.starts_with(|first: char| first.is_ascii_digit()))
            .find(|word| word.contains('.'))
            .and_then(|word| {
                let mut numbers = word.split('.').map(|number| number.parse().unwrap_or(0));
                Some(Self(
                    numbers.next()?,
                    numbers.next().unwrap_or(0),
                    numbers.next().unwrap_or(0),
                ))
            })
    }

    /// What `command` answers; `None` when it is not there or says nothing like a version.
    pub(crate) fn of(command: &mut Command) -> Option<Self> {
        let output = command.output().ok().filter(|output| output.status.success())?;
        Self::find_in(&String::from_utf8_lossy(&output.stdout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        let table = [
            ("v20.20.2", Some(Version(20, 20, 2))),
            ("rustc 1.96.0 (ac68faa20 2026-05-25)", Some(Version(1, 96, 0))),
            ("Chromium 156.0.8078.79 built on Debian", Some(Version(156, 0, 8078))),
            ("18.20.4+dfsg-1~deb12u1", Some(Version(18, 20, 4))),
            ("cargo-deny 0.20.2", Some(Version(0, 20, 2))),
            ("11.19", Some(Version(11, 19, 0))),
            ("no numbers here", None),
            ("", None),
        ];
        for (said, expected) in table {
            assert_eq!(Version::find_in(said), expected, "{said}");
        }
    }

    #[test]
    fn versions_are_compared_number_by_number() {
        assert!(Version(20, 19, 0) > Version(20, 9, 9));
        assert!(Version(20, 19, 0) < Version(22, 0, 0));
    }
}
