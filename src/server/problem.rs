//! Errors over HTTP: RFC 9457 problem details, one shape for every "no" and every fault.
//!
//! The `code` is the contract; title and detail are for people. What an engine's denial says is
//! carried whole, so that a client can show the same remedies as the composer does.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kumari_engine::account::{LedgerFault, Refused};
use kumari_engine::denial::{Denial, DenialCode, Remedy};
use kumari_wire::{Fault, FaultKind};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// A request that was not served, and nothing has changed.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    body: Box<Body>,
    retry_after: Option<Duration>,
}

#[derive(Clone, Debug, Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remedies: Vec<Remedy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denial: Option<Box<Denial>>,
}

/// What a handler gives.
pub(crate) type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem with a code of ours; `detail` says what to do next.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            body: Box::new(Body {
                kind: format!("urn:kumari:problem:{code}"),
                title: status.canonical_reason().unwrap_or("Error"),
                status: status.as_u16(),
                detail: detail.into(),
                code,
                path: None,
                remedies: Vec::new(),
                denial: None,
            }),
            retry_after: None,
        }
    }

    /// The request is at fault in the field, header or parameter that `path` names.
    pub(crate) fn invalid(path: &str, detail: impl Into<String>) -> Self {
        let mut problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, DenialCode::RequestInvalid.name(), detail);
        // The document itself has no path.
        problem.body.path = Some(path.to_owned()).filter(|path| !path.is_empty());
        problem
    }

    /// The same, in the field that `path` names.
    #[must_use]
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.body.path = Some(path.to_owned());
        self
    }

    /// There is no such thing for this session.
    pub(crate) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// A fault of ours: what went wrong is logged, not told.
    pub(crate) fn internal(what: &str, fault: &dyn std::fmt::Display) -> Self {
        tracing::error!(what, %fault, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side and nothing was changed; try again",
        )
    }

    /// The server takes no more of this for now.
    #[must_use]
    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The same problem of a part of the document: `place` tells where its path is in the whole.
    #[must_use]
    pub(crate) fn under(mut self, place: impl Fn(&str) -> String) -> Self {
        self.body.path = Some(place(self.body.path.as_deref().unwrap_or_default()));
        self
    }

    /// Its HTTP status.
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    /// Which problem it is.
    pub(crate) fn code(&self) -> &'static str {
        self.body.code
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(serializer)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let json = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = (self.status, json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, and up: earlier would only be refused again.
            let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        let mut problem =
            Self::new(status_of(denial.code), denial.code.name(), denial.message.clone());
        problem.body.path.clone_from(&denial.path);
        problem.body.remedies.clone_from(&denial.remedies);
        problem.body.denial = Some(Box::new(denial));
        problem
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denial) => denial.into(),
            Refused::Fault(fault) => fault.into(),
        }
    }
}

impl From<LedgerFault> for Problem {
    fn from(fault: LedgerFault) -> Self {
        Self::internal("ledger", &fault)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Syntax => Self::new(
                StatusCode::BAD_REQUEST,
                "json_malformed",
                format!("the body is not JSON: {}", fault.message),
            ),
            FaultKind::Shape => Self::invalid(&fault.path, fault.message),
        }
    }
}

/// The HTTP status of a denial.
const fn status_of(code: DenialCode) -> StatusCode {
    match code {
        DenialCode::RequestInvalid | DenialCode::NotOffered => StatusCode::UNPROCESSABLE_ENTITY,
        DenialCode::PriceChanged
        | DenialCode::ActionIdReused
        | DenialCode::LegAlreadyEnded
        | DenialCode::AlreadyGranted
        | DenialCode::PaymentConflict
        | DenialCode::TooManyLots => StatusCode::CONFLICT,
        DenialCode::CreditsHeld
        | DenialCode::CreditsExhausted
        | DenialCode::CreditsInsufficient
        | DenialCode::PaymentDisputed => StatusCode::PAYMENT_REQUIRED,
        DenialCode::LimitReached | DenialCode::AccountClosed => StatusCode::FORBIDDEN,
        DenialCode::TooManyOpen => StatusCode::TOO_MANY_REQUESTS,
        DenialCode::ActionUnknown | DenialCode::PaymentUnknown => StatusCode::NOT_FOUND,
    }
}

#[cfg(test)]
mod tests {
    use super::{Problem, status_of};
    use axum::http::StatusCode;
    use axum::response::IntoResponse;
    use kumari_engine::denial::DenialCode;
    use std::time::Duration;

    #[test]
    fn every_lack_of_credits_is_402() {
        for code in
            [DenialCode::CreditsHeld, DenialCode::CreditsExhausted, DenialCode::CreditsInsufficient]
        {
            assert_eq!(status_of(code), StatusCode::PAYMENT_REQUIRED);
        }
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds_rounded_up() {
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "slower")
            .retry_after(Duration::from_millis(1_200));
        let response = problem.into_response();
        assert_eq!(response.headers()["retry-after"], "2");
        assert_eq!(response.headers()["content-type"], super::PROBLEM_JSON);
    }
}
