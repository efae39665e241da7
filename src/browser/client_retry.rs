//! When a command is tried again, and when its answer is final.
//!
//! Every try has the same id and the same body, so a repeat is safe (R27). Waits double up to a
//! limit, with jitter, so that the pages of a server that was away do not come back as one.

/// The most tries of one command: with the waits below about a minute.
pub(crate) const TRIES_MAX: u32 = 8;
const WAIT_FIRST_MILLIS: u32 = 500;
const WAIT_MILLIS_MAX: u32 = 15_000;
/// The longest wait that a server may ask for.
const WAIT_ASKED_SECONDS_MAX: u32 = 60;

/// What came back from the server, as far as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply<'a> {
    /// The HTTP status; none where nothing came back.
    pub(crate) status: Option<u16>,
    /// The problem's code.
    pub(crate) code: Option<&'a str>,
    /// Whether the problem is a denial.
    pub(crate) denied: bool,
    /// The seconds that the server asked to wait.
    pub(crate) retry_after_seconds: Option<u32>,
}

/// What to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It was done: the body is the answer.
    Done,
    /// The business said no.
    Denied,
    /// It is final, and it is a fault.
    Failed,
    /// The session is gone: open one and try again at once.
    OpenSession,
    /// Try again after so many milliseconds.
    WaitMillis(u32),
}

/// Decides after the `tries`th try (from 1). `random` is any random number.
pub(crate) fn step(reply: Reply<'_>, tries: u32, random: u32) -> Step {
    let again = |at_least: u32| {
        if tries < TRIES_MAX {
            Step::WaitMillis(wait_millis(tries, random).max(at_least))
        } else {
            Step::Failed
        }
    };
    match reply.status {
        Some(200..=299) => Step::Done,
        _ if reply.denied => Step::Denied,
        Some(401) if reply.code == Some("session_missing") && tries < TRIES_MAX => {
            Step::OpenSession
        }
        // The server may have taken it before it failed; the id tells it the next time.
        Some(408 | 425 | 429 | 500..=599) | None => {
            let asked = reply.retry_after_seconds.unwrap_or(0).min(WAIT_ASKED_SECONDS_MAX);
            again(asked.saturating_mul(1_000))
        }
        Some(_) => Step::Failed,
    }
}

/// The wait after the `tries`th try in a row that failed: half of it fixed, half of it random.
pub(crate) fn wait_millis(tries: u32, random: u32) -> u32 {
    let doubled = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
    let wait = WAIT_FIRST_MILLIS.saturating_mul(doubled).min(WAIT_MILLIS_MAX);
    let half = wait / 2;
    half.saturating_add(random % half.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::{Reply, Step, TRIES_MAX, step, wait_millis};

    const NOTHING: Reply<'_> =
        Reply { status: None, code: None, denied: false, retry_after_seconds: None };

    #[test]
    fn a_reply_decides_what_is_next() {
        let status = |status| Reply { status: Some(status), ..NOTHING };
        let denied = |code: u16| Reply { denied: true, ..status(code) };
        let cases = [
            ("done", status(201), 1, Step::Done),
            ("a repeat", status(200), 3, Step::Done),
            ("no credits", denied(402), 1, Step::Denied),
            ("too many open is a denial, not a rate limit", denied(429), 1, Step::Denied),
            ("malformed", status(422), 1, Step::Failed),
            ("a route that is gone", status(404), 1, Step::Failed),
            ("another 401", status(401), 1, Step::Failed),
            (
                "no session",
                Reply { code: Some("session_missing"), ..status(401) },
                1,
                Step::OpenSession,
            ),
            ("no answer", NOTHING, 1, Step::WaitMillis(250)),
            ("no answer, later", NOTHING, 3, Step::WaitMillis(1_000)),
            ("unavailable", status(503), 1, Step::WaitMillis(250)),
            (
                "asked to wait",
                Reply { retry_after_seconds: Some(3), ..status(429) },
                1,
                Step::WaitMillis(3_000),
            ),
            (
                "asked to wait for ever",
                Reply { retry_after_seconds: Some(u32::MAX), ..status(429) },
                1,
                Step::WaitMillis(60_000),
            ),
            ("no answer, at last", NOTHING, TRIES_MAX, Step::Failed),
            ("unavailable, at last", status(500), TRIES_MAX, Step::Failed),
        ];
        for (what, reply, tries, expected) in cases {
            assert_eq!(step(reply, tries, 0), expected, "{what}");
        }
    }

    #[test]
    fn waits_double_to_a_limit_and_jitter_stays_inside() {
        for tries in 1..100 {
            let (shortest, longest) =
                (wait_millis(tries, 0), (0..5_000).map(|random| wait_millis(tries, random)).max());
            assert!(shortest >= 250 && longest <= Some(15_000), "{tries}");
        }
        assert_eq!(wait_millis(1, 250), 500);
        assert_eq!(wait_millis(u32::MAX, u32::MAX), 7_500 + u32::MAX % 7_501);
    }
}
