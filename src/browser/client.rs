//! `CreditsClient`: one state for a page, kept in line with the server.
//!
//! It carries out what the state machine asks for and tells the page what changed. It decides no
//! price and no verdict, and reads no more of an answer than it needs: actions and receipts are
//! handed on as the server made them.

use crate::client_live::Inner;
use crate::client_platform::{new_id, promise};
use crate::convert::{read, write};
use crate::rules::JsReceipt;
use js_sys::Function;
use kumari_engine::fields;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &'static str = "import type { ActionView, ClientOptions, CreditsState, Send, \
    SendResult, TopUpResult } from './types/client.js';";

#[wasm_bindgen]
extern "C" {
    /// Options, or nothing.
    #[wasm_bindgen(typescript_type = "ClientOptions | null | undefined")]
    pub type JsOptions;
    /// The state.
    #[wasm_bindgen(typescript_type = "CreditsState")]
    pub type JsState;
    /// A request, or nothing.
    #[wasm_bindgen(typescript_type = "Request | null | undefined")]
    pub type JsDraft;
    /// Ids of files, or nothing.
    #[wasm_bindgen(typescript_type = "readonly string[] | null | undefined")]
    pub type JsFiles;
    /// What to send.
    #[wasm_bindgen(typescript_type = "Send")]
    pub type JsSend;
    /// Called with each new state.
    #[wasm_bindgen(typescript_type = "(state: CreditsState) => void")]
    pub type JsListener;
    /// Ends a subscription.
    #[wasm_bindgen(typescript_type = "() => void")]
    pub type JsUnsubscribe;
    /// Of a send.
    #[wasm_bindgen(typescript_type = "Promise<SendResult>")]
    pub type SendPromise;
    /// Of a top-up.
    #[wasm_bindgen(typescript_type = "Promise<TopUpResult>")]
    pub type TopUpPromise;
    /// Of an action.
    #[wasm_bindgen(typescript_type = "Promise<ActionView>")]
    pub type ActionPromise;
    /// Of a receipt.
    #[wasm_bindgen(typescript_type = "Promise<Receipt>")]
    pub type ReceiptPromise;
    /// Of a replay.
    #[wasm_bindgen(typescript_type = "Promise<Replay>")]
    pub type ReplayPromise;
    /// Of nothing.
    #[wasm_bindgen(typescript_type = "Promise<void>")]
    pub type VoidPromise;
}

/// What a client may be told.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(ts_rs::TS), ts(optional_fields, rename_all = "camelCase"))]
pub(crate) struct ClientOptions {
    /// Where the server is, without a slash at the end; the page's own origin where absent.
    pub(crate) base_url: Option<String>,
    /// What the keys in storage begin with; `kumari-credits` where absent.
    pub(crate) storage_key: Option<String>,
}

fields! {
    ClientOptions {
        base_url = "baseUrl" or default, storage_key = "storageKey" or default,
    }
}

/// The credits of whoever uses this page: one state, kept in line with the server.
#[wasm_bindgen]
pub struct CreditsClient {
    inner: Rc<Inner>,
}

#[wasm_bindgen]
impl CreditsClient {
    /// A client that does nothing yet; see `start`.
    ///
    /// # Errors
    /// The `Error` to throw where the options are malformed.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Option<JsOptions>) -> Result<CreditsClient, JsValue> {
        let options: Option<ClientOptions> = read(&options.into())?;
        Ok(Self { inner: Inner::new(options.unwrap_or_default()) })
    }

    /// Shows what the last visit left, opens the session, and follows the server from then on. Done
    /// when the first try was made, whether the server could be reached or not.
    pub fn start(&self) -> VoidPromise {
        let inner = Rc::clone(&self.inner);
        promised(async move {
            inner.start().await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Lets go of connections and listeners. A command without an answer is sent again by the next
    /// client on this page's storage.
    pub fn close(&self) {
        self.inner.close();
    }

    /// The state now: the same object until something changes.
    pub fn state(&self) -> JsState {
        self.inner.snapshot()
    }

    /// Calls `listener` with each new state, until the function that it returns is called.
    pub fn subscribe(&self, listener: JsListener) -> JsUnsubscribe {
        let number = self.inner.subscribe(Function::from(JsValue::from(listener)));
        let inner = Rc::downgrade(&self.inner);
        let end = Closure::<dyn FnMut()>::new(move || {
            if let Some(inner) = inner.upgrade() {
                inner.unsubscribe(number);
            }
        });
        JsUnsubscribe::from(end.into_js_value())
    }

    /// Says what the composer holds now, or that it holds nothing. `files` are the ids of the files
    /// that the request counts: only with exactly these is it sent. The state has its price and
    /// verdict when this returns.
    ///
    /// # Errors
    /// The `Error` to throw where the request is malformed.
    #[wasm_bindgen(js_name = setRequest)]
    pub fn set_request(
        &self,
        request: Option<JsDraft>,
        files: Option<JsFiles>,
    ) -> Result<(), JsValue> {
        let request = read(&request.into())?;
        let files: Option<Vec<String>> = read(&files.into())?;
        self.inner.draft(request, files.unwrap_or_default());
        Ok(())
    }

    /// Sends the draft that is shown now, with the price that is shown now, under one id for all
    /// tries: `setRequest` may be called with the next draft as soon as this returns. Rejects where
    /// `send` is malformed.
    pub fn send(&self, send: JsSend) -> SendPromise {
        let inner = Rc::clone(&self.inner);
        let begun = read(&send).map(|send| inner.quoted(send));
        promised(async move {
            match begun? {
                Ok(send) => inner.send(send).await,
                Err(outcome) => outcome,
            }
        })
    }

    /// Buys a Custom Pack for so many whole US dollars. Only where payments are demo.
    #[wasm_bindgen(js_name = topUp)]
    pub fn top_up(&self, usd: u32) -> TopUpPromise {
        let inner = Rc::clone(&self.inner);
        promised(async move { inner.top_up(usd).await })
    }

    /// Stops one leg of an action, or all of it.
    pub fn stop(&self, action_id: String, leg: Option<u32>) -> ActionPromise {
        let inner = Rc::clone(&self.inner);
        promised(async move { inner.stop(&action_id, leg).await })
    }

    /// The receipt of an action.
    pub fn receipt(&self, action_id: String) -> ReceiptPromise {
        let inner = Rc::clone(&self.inner);
        promised(async move { inner.receipt(&action_id).await })
    }

    /// Computes the charge of a receipt again, with the book that it names. Rejects where the
    /// receipt is malformed.
    pub fn replay(&self, receipt: JsReceipt) -> ReplayPromise {
        let inner = Rc::clone(&self.inner);
        promised(async move { write(&inner.replay(&read(&receipt)?).await?) })
    }

    /// A new UUIDv7, for conversations.
    #[wasm_bindgen(js_name = newId)]
    pub fn new_id(&self) -> String {
        new_id()
    }
}

impl Drop for CreditsClient {
    fn drop(&mut self) {
        self.inner.close();
    }
}

/// A promise of the type that TypeScript sees.
fn promised<P: JsCast>(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> P {
    promise(Box::pin(future)).unchecked_into()
}
