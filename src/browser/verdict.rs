//! A verdict and a denial on their way to JavaScript: the same JSON as the engine's, held by
//! `tests/parity`, without what no denial of a browser's own has: the end of a leg. To be able to
//! write one of these took a hundredth of the module.

use kumari_engine::amount::Credits;
use kumari_engine::denial::{Denial, DenialCode, Remedy};
use kumari_engine::eligibility::{Allowed, Eligibility};
use kumari_engine::estimate::{Caps, Estimate};
use serde::{Serialize, Serializer};

/// Both verdicts and a denial alone; what a form does not have is absent.
#[derive(Default, Serialize)]
pub(crate) struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold: Option<Credits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caps: Option<&'a Caps>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<DenialCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transient: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedies: Option<&'a [Remedy]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate: Option<&'a Estimate>,
}

/// A denial alone.
pub(crate) fn denial(denial: &Denial) -> Shown<'_> {
    Shown {
        code: Some(denial.code),
        message: Some(&denial.message),
        transient: Some(denial.transient),
        remedies: Some(&denial.remedies),
        path: denial.path.as_deref(),
        estimate: denial.estimate.as_deref(),
        ..Shown::default()
    }
}

/// A verdict.
pub(crate) fn verdict(eligibility: &Eligibility) -> Shown<'_> {
    match eligibility {
        Eligibility::Allowed(Allowed { hold, caps }) => Shown {
            verdict: Some("allowed"),
            hold: Some(*hold),
            caps: Some(caps),
            ..Shown::default()
        },
        Eligibility::Denied(denied) => Shown { verdict: Some("denied"), ..denial(denied) },
    }
}

/// A verdict that may not be there yet, as serde calls for a field.
#[cfg(feature = "client")]
pub(crate) fn maybe<S: Serializer>(
    eligibility: &Option<Eligibility>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    eligibility.as_ref().map(verdict).serialize(serializer)
}
