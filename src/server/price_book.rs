//! `GET /api/price-book` and `GET /api/price-books/{version}`: the bytes that a version is the hash
//! of.

use crate::app::App;
use crate::assets::matches_etag;
use crate::problem::{Answer, Problem};
use crate::segment::Segment;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// `GET /api/price-book`: the one in force; asked for again each time, by its ETag.
pub(crate) async fn in_force(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let book = app.book_in_force();
    serve(book.version().as_str(), &book.canonical, "no-cache", &headers)
}

/// `GET /api/price-books/{version}`: any that was published. It never changes.
pub(crate) async fn published(
    State(app): State<Arc<App>>,
    Segment(version): Segment,
    headers: HeaderMap,
) -> Answer<Response> {
    let book = match version.parse() {
        Ok(version) => app.book(&version).await?,
        Err(_) => None,
    };
    let book = book.ok_or_else(|| {
        Problem::not_found("price_book_unknown", "no price book of that version was published")
    })?;
    let caching = "public, max-age=31536000, immutable";
    Ok(serve(book.version().as_str(), &book.canonical, caching, &headers))
}

/// A document whose version is its ETag.
pub(crate) fn serve(
    version: &str,
    canonical: &str,
    caching: &'static str,
    asked: &HeaderMap,
) -> Response {
    let etag = format!("\"{version}\"");
    let known = matches_etag(asked, &etag);
    let headers = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, canonical.to_owned()).into_response()
}
