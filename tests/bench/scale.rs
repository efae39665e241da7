//! How much is measured: enough to see that the bench works, in minutes, or all of it.

use clap::ValueEnum;
use std::time::Duration;

/// How long a run may be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Length {
    /// Seconds: shows that the bench works, and no figure worth reading.
    Short,
    /// Some minutes, with up to a million accounts.
    Usual,
    /// With ten million entries of history, too.
    Full,
}

/// The sizes of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// How long each measurement counts.
    pub(crate) measured: Duration,
    /// How long it runs before that.
    pub(crate) warm_up: Duration,
    /// How long each run of the peer is, in whole seconds.
    pub(crate) peer_seconds: u32,
    /// How many connections are many: as many as the unit has clients.
    pub(crate) connections: usize,
    /// How many accounts are many.
    pub(crate) accounts: u64,
    /// How many accounts there are when a pair's cost is looked at, in growing order.
    pub(crate) accounts_growing: &'static [u64],
    /// How many entries of history there are when it is looked at.
    pub(crate) entries_growing: &'static [u64],
    /// What is replayed of the real hour takes so long.
    pub(crate) replay: Duration,
    /// So much of the hour is replayed.
    pub(crate) replayed: Duration,
}

impl Length {
    /// Its sizes.
    pub(crate) const fn scale(self) -> Scale {
        let usual = Scale {
            measured: Duration::from_secs(5),
            warm_up: Duration::from_secs(1),
            peer_seconds: 10,
            connections: 32,
            accounts: 10_000,
            accounts_growing: &[1_000, 10_000, 100_000, 1_000_000],
            entries_growing: &[0, 200_000],
            replay: Duration::from_secs(15),
            replayed: Duration::from_secs(3_600),
        };
        match self {
            Self::Short => Scale {
                measured: Duration::from_millis(200),
                warm_up: Duration::from_millis(50),
                peer_seconds: 1,
                connections: 4,
                accounts: 100,
                accounts_growing: &[100, 200],
                entries_growing: &[0, 400],
                replay: Duration::from_secs(1),
                replayed: Duration::from_secs(60),
            },
            Self::Usual => usual,
            Self::Full => Scale { entries_growing: &[0, 100_000, 1_000_000, 10_000_000], ..usual },
        }
    }
}
