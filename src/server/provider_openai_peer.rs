//! A local endpoint that speaks the protocol as a test tells it to, good or bad.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use futures::StreamExt as _;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What happens next on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// These bytes are sent.
    Bytes(Vec<u8>),
    /// The connection is cut.
    Cut,
    /// Nothing comes any more, and the connection stays open.
    Silence,
}

/// How one request is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) pieces: Vec<Piece>,
    /// The head itself never comes.
    pub(crate) never: bool,
}

impl Reply {
    pub(crate) fn never() -> Self {
        Self { never: true, ..Self::error(200, "") }
    }

    pub(crate) fn error(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        let pieces = vec![Piece::Bytes(body.as_bytes().to_vec())];
        Self { status, headers, pieces, never: false }
    }

    pub(crate) fn stream(pieces: Vec<Piece>) -> Self {
        let headers = vec![("content-type", "text/event-stream; charset=utf-8".to_owned())];
        Self { status: 200, headers, pieces, never: false }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

#[derive(Debug)]
struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    arrived: Mutex<Vec<Arrived>>,
    /// Cancelled when a connection is let go while an answer is silent.
    let_go: CancellationToken,
}

/// The endpoint; it ends with the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) base_url: String,
    shared: Arc<Shared>,
}

impl Peer {
    /// Answers one request with each reply, in order.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            replies: Mutex::new(replies.into_iter().collect()),
            arrived: Mutex::new(Vec::new()),
            let_go: CancellationToken::new(),
        });
        let routes = Router::new().route("/v1/chat/completions", post(reply));
        let routes = routes.with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base_url, shared }
    }

    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap().clone()
    }

    /// Waits until a connection is let go of while it is silent.
    pub(crate) async fn was_let_go(&self) {
        self.shared.let_go.cancelled().await;
    }
}

async fn reply(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let body = serde_json::from_slice(&body).unwrap();
    shared.arrived.lock().unwrap().push(Arrived { headers, body });
    let reply = shared.replies.lock().unwrap().pop_front();
    let reply = reply.expect("a request that no reply was planned for");
    let guard = shared.let_go.clone().drop_guard();
    if reply.never {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).unwrap());
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from_stream(body_of(reply.pieces, guard))).unwrap()
}

fn body_of(
    pieces: Vec<Piece>,
    guard: DropGuard,
) -> impl futures::Stream<Item = io::Result<Bytes>> + Send {
    let silent = pieces.iter().any(|piece| matches!(piece, Piece::Silence));
    // Only a silent answer tells when it is let go of; the others simply end.
    let guard = if silent {
        Some(guard)
    } else {
        guard.disarm();
        None
    };
    futures::stream::iter(pieces).then(move |piece| {
        let _held = &guard;
        async move {
            // Each piece is a write of its own.
            tokio::task::yield_now().await;
            match piece {
                Piece::Bytes(bytes) => Ok(Bytes::from(bytes)),
                Piece::Cut => Err(io::Error::other("cut")),
                Piece::Silence => std::future::pending().await,
            }
        }
    })
}
