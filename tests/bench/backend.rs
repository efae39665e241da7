//! A backend's connection: hyper's HTTP/1 client, kept alive, with a service key.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Where to connect to, and as whom.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    host: HeaderValue,
    authorization: HeaderValue,
}

/// One connection; a request at a time.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    target: Target,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Target {
    pub(crate) fn new(address: SocketAddr, secret: &str) -> Result<Self> {
        Ok(Self {
            address,
            host: HeaderValue::from_str(&address.to_string())?,
            authorization: HeaderValue::from_str(&format!("Bearer {secret}"))?,
        })
    }

    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its end is seen by whoever sends the next request.
        tokio::spawn(connection);
        Ok(Connection { sender, target: self.clone() })
    }

    pub(crate) async fn connections(&self, count: usize) -> Result<Vec<Connection>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(self.connect().await?);
        }
        Ok(connections)
    }
}

impl Connection {
    pub(crate) async fn get(&mut self, path: &str) -> Result<Reply> {
        self.send(Method::GET, path, Vec::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Reply> {
        self.send(Method::POST, path, body).await
    }

    async fn send(&mut self, method: Method, path: &str, body: Vec<u8>) -> Result<Reply> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.target.host)
            .header(AUTHORIZATION, &self.target.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        if self.sender.ready().await.is_err() {
            // The server ends connections that nobody uses; nothing was sent on it yet.
            *self = self.target.connect().await?;
        }
        let response = self.sender.send_request(request).await.context("no answer")?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Reply { status, body })
    }
}
