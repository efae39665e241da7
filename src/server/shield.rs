//! What every response tells a browser to refuse, and which requests from a browser are refused.

use crate::app::App;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The page may run what this server serves and nothing else; `wasm-unsafe-eval` lets it compile
/// the rules, and only those.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
     connect-src 'self'; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'self'; object-src 'none'";

const HEADERS: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    // With the line above: the page may share memory with the worker that counts its tokens.
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

/// Adds the security headers to every response; one that says something stricter keeps it.
pub(crate) async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// Refuses what another site's page could make a browser send: a request that changes something
/// is of our own origin where a browser says whence it comes, and one that posts is JSON. No page
/// of another site can make a browser put or delete: it would have to ask first, and nobody answers.
pub(crate) async fn same_origin(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let (method, headers) = (request.method(), request.headers());
    let own_page = || own_page(headers, app.config.public_origin.as_deref());
    let checked = match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => Ok(()),
        Method::PUT | Method::DELETE => own_page(),
        _ => own_page().and_then(|()| json_only(headers)),
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn own_page(headers: &HeaderMap, public_origin: Option<&str>) -> Result<(), Problem> {
    let text = |name: HeaderName| text(headers, name);
    let fetched_from = text(HeaderName::from_static("sec-fetch-site"));
    if fetched_from.is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(cross_origin());
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = text(header::ORIGIN).unwrap_or_default();
        let own = match public_origin {
            Some(own) => origin == own,
            None => authority_of(origin).is_some_and(|from| Some(from) == text(header::HOST)),
        };
        if !own {
            return Err(cross_origin());
        }
    }
    Ok(())
}

fn json_only(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = text(headers, header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.split(';').next()).map(str::trim);
    if media_type.is_some_and(|value| value.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content_type_unsupported",
        "send JSON, with `content-type: application/json`",
    ))
}

/// Host and port of an origin, spelled as a browser spells them in `Host`.
fn authority_of(origin: &str) -> Option<&str> {
    let uri: Uri = origin.parse().ok()?;
    uri.scheme()?;
    origin.split_once("://").map(|(_, authority)| authority)
}

fn cross_origin() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross_origin",
        "this comes from a page of another site and was not done",
    )
}

#[cfg(test)]
mod tests {
    use super::{json_only, own_page};
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn code(pairs: &[(&'static str, &'static str)], public_origin: Option<&str>) -> &'static str {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        match own_page(&headers, public_origin).and_then(|()| json_only(&headers)) {
            Ok(()) => "ok",
            Err(problem) => problem.code(),
        }
    }

    #[test]
    fn only_our_own_pages_and_plain_clients_may_change_things() {
        let json = ("content-type", "application/json; charset=utf-8");
        let host = ("host", "credits.example:8787");
        let origin = |value| ("origin", value);
        let site = |value| ("sec-fetch-site", value);
        let cases: [(&[(&str, &str)], &str); 10] = [
            (&[json, host], "ok"),
            (&[json, host, origin("http://credits.example:8787")], "ok"),
            (&[json, host, site("same-origin")], "ok"),
            (&[json, host, site("cross-site")], "cross_origin"),
            (&[json, host, site("same-site")], "cross_origin"),
            (&[json, host, origin("http://evil.example")], "cross_origin"),
            (&[json, host, origin("null")], "cross_origin"),
            (&[json, host, origin("http://credits.example")], "cross_origin"),
            (&[("content-type", "text/plain"), host], "content_type_unsupported"),
            (&[host], "content_type_unsupported"),
        ];
        for (headers, expected) in cases {
            assert_eq!(code(headers, None), expected, "{headers:?}");
        }
        let behind_a_proxy = Some("https://credits.example");
        assert_eq!(code(&[json, host, origin("https://credits.example")], behind_a_proxy), "ok");
        assert_eq!(
            code(&[json, host, origin("http://credits.example:8787")], behind_a_proxy),
            "cross_origin"
        );
    }
}
