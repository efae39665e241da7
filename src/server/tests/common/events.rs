//! Server-sent events, read as a browser reads them.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde_json::Value;
use std::time::Duration;

/// Far longer than any event takes, and shorter than the heartbeat at which a listener looks again
/// by itself: what comes only then was not pushed.
const PATIENCE: Duration = Duration::from_secs(10);

/// One event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// An open stream.
pub(crate) struct Events {
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: String,
}

impl Events {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { bytes: response.bytes_stream().boxed(), buffer: String::new() }
    }

    /// The next event; nothing at the stream's end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an event comes in time")
    }

    /// The next event of that name for which this holds.
    pub(crate) async fn wait_for(
        &mut self,
        name: &str,
        mut holds: impl FnMut(&Value) -> bool,
    ) -> Value {
        loop {
            let event = self.next().await.expect("the stream goes on until then");
            if event.name == name && holds(&event.data) {
                return event.data;
            }
        }
    }

    /// Everything until the stream's end.
    pub(crate) async fn all(&mut self) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = self.next().await {
            all.push(event);
        }
        all
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let (event, rest) = (parse(event), rest.to_owned());
                self.buffer = rest;
                if event.is_some() {
                    return event;
                }
            }
            let bytes = self.bytes.next().await?.ok()?;
            self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

/// An event; nothing where it is a comment.
fn parse(text: &str) -> Option<Event> {
    let field = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let data = field("data")?;
    Some(Event {
        name: field("event").unwrap_or("message").to_owned(),
        id: field("id").unwrap_or_default().to_owned(),
        data: serde_json::from_str(data).unwrap(),
    })
}
