//! The server's events, by the page's own `EventSource`.
//!
//! It is opened again by the client, not by itself: each new connection brings session, book and
//! balance up to date first, with the client's own waits between tries.

use crate::client_platform::Listener;
use js_sys::Function;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{EventSource, EventSourceInit, MessageEvent};

/// Called with the data of an event; a box, because a function of its own for each takes more room.
pub(crate) type Heard = Box<dyn FnMut(String)>;

/// A connection that hears `balance`, `price_book` and `calibration`. It is closed when it is dropped.
pub(crate) struct Stream {
    source: EventSource,
    _listeners: [Listener; 3],
}

impl Stream {
    /// Opens it. The listeners are given the data of each event.
    ///
    /// # Errors
    /// What `EventSource` throws where the address is malformed.
    pub(crate) fn open(
        url: &str,
        on_balance: Heard,
        on_book: Heard,
        on_calibration: Heard,
    ) -> Result<Self, JsValue> {
        let options = EventSourceInit::new();
        options.set_with_credentials(true);
        let source = EventSource::new_with_event_source_init_dict(url, &options)?;
        let listeners = [
            hear(&source, "balance", on_balance),
            hear(&source, "price_book", on_book),
            hear(&source, "calibration", on_calibration),
        ];
        Ok(Self { source, _listeners: listeners })
    }

    /// Calls `lost` at the first fault.
    pub(crate) fn on_loss(&self, lost: &Function) {
        self.source.set_onerror(Some(lost));
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onerror(None);
        self.source.close();
    }
}

fn hear(source: &EventSource, name: &'static str, mut heard: Heard) -> Listener {
    Listener::on(source, name, move |event| {
        let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
        if let Some(data) = data {
            heard(data);
        }
    })
}
