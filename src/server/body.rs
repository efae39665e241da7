//! JSON bodies in: read up to a limit, parsed with the path of what is wrong.

use crate::problem::Problem;
use axum::body::{self, Body};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;
use kumari_wire::Tree;
use serde::Serialize;

/// The longest body, in bytes, of a request that carries no text of a person.
pub(crate) const SMALL_BODY_BYTES_MAX: usize = 64 * 1024;
/// The longest body, in bytes, of a send.
pub(crate) const SEND_BODY_BYTES_MAX: usize = 1024 * 1024;

/// A JSON body of at most `MAX` bytes; nobody reads further than that.
pub(crate) struct Json<T, const MAX: usize = SMALL_BODY_BYTES_MAX>(pub(crate) T);

/// A JSON body that is read part by part, of at most `MAX` bytes.
pub(crate) struct JsonTree<const MAX: usize>(pub(crate) Tree<'static>);

impl<S, T, const MAX: usize> FromRequest<S> for Json<T, MAX>
where
    S: Send + Sync,
    T: kumari_engine::read::Read,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        Ok(Self(kumari_wire::from_slice(&bytes(request, MAX).await?)?))
    }
}

impl<S: Send + Sync, const MAX: usize> FromRequest<S> for JsonTree<MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        Ok(Self(kumari_wire::parse_slice(&bytes(request, MAX).await?)?))
    }
}

/// A JSON body of a shape that another crate reads: what an authenticator says.
pub(crate) struct Serde<T>(pub(crate) T);

impl<S, T> FromRequest<S> for Serde<T>
where
    S: Send + Sync,
    T: serde::de::DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request, SMALL_BODY_BYTES_MAX).await?;
        let read = serde_json::from_slice(&bytes);
        // Its texts name fields and lines, as ours do.
        read.map(Self).map_err(|fault| Problem::invalid("", fault.to_string()))
    }
}

/// The body as it came.
pub(crate) async fn bytes(request: Request, max: usize) -> Result<bytes::Bytes, Problem> {
    let (parts, body) = request.into_parts();
    check_announced_length(&parts.headers, max)?;
    read(body, max).await
}

/// A JSON answer that no cache keeps: it belongs to one session and one moment.
pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(json) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (status, headers, json).into_response()
        }
        Err(fault) => Problem::internal("answer", &fault).into_response(),
    }
}

fn check_announced_length(headers: &HeaderMap, max: usize) -> Result<(), Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(length) if length > max => Err(too_large(max)),
        Some(_) | None => Ok(()),
    }
}

async fn read(body: Body, max: usize) -> Result<bytes::Bytes, Problem> {
    body::to_bytes(body, max).await.map_err(|error| {
        let error = error.into_inner();
        if error.downcast_ref::<LengthLimitError>().is_some() {
            too_large(max)
        } else {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_unreadable",
                "the body broke off before its end; send it again",
            )
        }
    })
}

fn too_large(max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is larger than {max} bytes; send less"),
    )
}
