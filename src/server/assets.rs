//! The web app, the package and the vocabularies, carried inside the binary.
//!
//! A file `x.br` or `x.gz` beside `x` is `x` compressed before: it is sent where the browser takes
//! it. What has no such file is compressed while it is sent (see `router`). In a debug build the
//! files are read from disk at each request, so a rebuilt app shows without a rebuilt server.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;
use crate::router;
use crate::segment::Segment;

/// The built chat app.
#[derive(RustEmbed)]
#[folder = "../../www/dist"]
#[allow_missing = true]
struct App;

/// The built npm package.
#[derive(RustEmbed)]
#[folder = "../../pkg/dist"]
#[allow_missing = true]
struct Package;

/// The token vocabularies, made by `build-vocabulary`.
#[derive(RustEmbed)]
#[folder = "../../target/vocabulary"]
#[allow_missing = true]
pub(crate) struct Vocabularies;

/// Shown where the app was not built.
const NO_APP: &str = include_str!("no-app.html");

/// Files whose names change with their content may be kept for ever.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Others are asked for again each time, by their ETag.
const REVALIDATED: &str = "no-cache";

type Get = fn(&str) -> Option<EmbeddedFile>;

/// `GET /pkg/{*path}`: the package, for a plain `<script type="module">`.
pub(crate) async fn package(Segment(path): Segment, headers: HeaderMap) -> Response {
    serve(Package::get, &path, REVALIDATED, &headers).unwrap_or_else(missing)
}

/// `GET /vocabulary/{*path}`: the vocabulary files; their names hold their fingerprint.
pub(crate) async fn vocabulary(Segment(path): Segment, headers: HeaderMap) -> Response {
    serve(Vocabularies::get, &path, IMMUTABLE, &headers).unwrap_or_else(missing)
}

/// Everything else: files of the app, and its page for the paths that the app itself routes.
pub(crate) async fn app(request: Request) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (allow, router::method_not_allowed().await).into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if path.starts_with("api/") || path == "api" {
        return missing();
    }
    let caching = if path.starts_with("assets/") { IMMUTABLE } else { REVALIDATED };
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    let wanted = if is_page { "index.html" } else { path };
    match serve(App::get, wanted, caching, request.headers()) {
        Some(response) => response,
        None if is_page => {
            ([(header::CACHE_CONTROL, "no-store")], axum::response::Html(NO_APP)).into_response()
        }
        None => missing(),
    }
}

fn missing() -> Response {
    Problem::not_found("not_found", "there is nothing at this address").into_response()
}

fn serve(get: Get, path: &str, caching: &'static str, asked: &HeaderMap) -> Option<Response> {
    let plain = get(path)?;
    // One tag for all its encodings: it is the content that is compared, and `Vary` keeps caches
    // from mixing them up.
    let etag = format!("W/\"{}\"", hex(&plain.metadata.sha256_hash()));
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::ETAG, HeaderValue::from_str(&etag).ok()?);
    if matches_etag(asked, &etag) {
        return Some((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let media_type = mime_guess::from_path(path).first_or_octet_stream();
    let media_type = match media_type.type_() {
        mime_guess::mime::TEXT => format!("{media_type}; charset=utf-8"),
        _ => media_type.to_string(),
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&media_type).ok()?);
    let (file, encoding) = smallest(get, path, plain, asked);
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some((headers, Body::from(file.data.into_owned())).into_response())
}

/// The file as it was compressed before, where the browser takes that.
fn smallest(
    get: Get,
    path: &str,
    plain: EmbeddedFile,
    asked: &HeaderMap,
) -> (EmbeddedFile, Option<&'static str>) {
    for (ending, encoding) in [("br", "br"), ("gz", "gzip")] {
        if accepts(asked, encoding)
            && let Some(file) = get(&format!("{path}.{ending}"))
        {
            return (file, Some(encoding));
        }
    }
    (plain, None)
}

/// Whether the browser named this encoding, and not with a weight of zero.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    list(asked, &header::ACCEPT_ENCODING).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|weight| {
            weight
                .strip_prefix("q=")
                .and_then(|weight| weight.parse::<f32>().ok())
                .is_some_and(|weight| weight <= 0.0)
        });
        named && !refused
    })
}

/// Whether `If-None-Match` names this tag.
pub(crate) fn matches_etag(asked: &HeaderMap, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim_start_matches("W/").to_owned();
    list(asked, &header::IF_NONE_MATCH).any(|tag| tag == "*" || bare(tag) == bare(etag))
}

fn list<'a>(headers: &'a HeaderMap, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{IMMUTABLE, accepts, matches_etag, serve};
    use axum::body::to_bytes;
    use axum::http::{HeaderMap, HeaderValue, header};
    use rust_embed::RustEmbed;

    /// Files that stand for a built app: their content says which of them was sent.
    #[derive(RustEmbed)]
    #[folder = "tests/assets"]
    struct Fixture;

    async fn sent(path: &str, encodings: &'static str) -> (Option<String>, String) {
        let mut asked = HeaderMap::new();
        asked.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encodings));
        let response = serve(Fixture::get, path, IMMUTABLE, &asked).unwrap();
        let headers = response.headers();
        assert_eq!(headers[header::VARY], "accept-encoding");
        assert_eq!(headers[header::CACHE_CONTROL], IMMUTABLE);
        let encoding = headers.get(header::CONTENT_ENCODING);
        let encoding = encoding.map(|encoding| encoding.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), 100).await.unwrap();
        (encoding, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_file_is_sent_as_small_as_the_browser_takes_it() {
        for (path, encodings, encoding, content) in [
            ("page.js", "gzip, br", Some("br"), "as brotli"),
            ("page.js", "gzip, br;q=0", Some("gzip"), "as gzip"),
            ("page.js", "", None, "plain"),
            ("alone.css", "gzip, br", None, "alone"),
        ] {
            let expected = (encoding.map(str::to_owned), content.to_owned());
            assert_eq!(sent(path, encodings).await, expected, "{path} {encodings}");
        }
        assert!(serve(Fixture::get, "none.js", IMMUTABLE, &HeaderMap::new()).is_none());
        assert!(serve(Fixture::get, "../routes.rs", IMMUTABLE, &HeaderMap::new()).is_none());
    }

    #[tokio::test]
    async fn a_file_that_is_known_is_not_sent_again() {
        let first = serve(Fixture::get, "page.js", IMMUTABLE, &HeaderMap::new()).unwrap();
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        let again = serve(Fixture::get, "page.js", IMMUTABLE, &asked).unwrap();
        assert_eq!(again.status(), 304);
        assert!(to_bytes(again.into_body(), 100).await.unwrap().is_empty());
    }

    #[test]
    fn an_encoding_is_used_only_where_it_is_named_and_not_refused() {
        for (asked, encoding, expected) in [
            ("gzip, deflate, br", "br", true),
            ("gzip;q=0.5, br;q=1.0", "gzip", true),
            ("br;q=0, gzip", "br", false),
            ("*", "br", false),
            ("", "gzip", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(asked));
            assert_eq!(accepts(&headers, encoding), expected, "{asked}");
        }
    }

    #[test]
    fn a_known_tag_is_found_in_a_list() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"a\", W/\"b\""));
        assert!(matches_etag(&headers, "\"b\""));
        assert!(matches_etag(&headers, "W/\"a\""));
        assert!(!matches_etag(&headers, "\"c\""));
    }
}
