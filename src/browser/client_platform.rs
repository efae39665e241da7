//! What the client asks of the page around it: time, randomness, storage, waiting, events of the
//! window. Everything here is thin, and works in a worker and in Node as far as they have it.

use crate::client_cache::{Memory, Place};
use crate::client_id::uuid_v7;
use gloo_storage::{LocalStorage, Storage as _};
use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise, Reflect};
use kumari_engine::time::Timestamp;
use std::cell::RefCell;
use std::pin::Pin;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn fill_randomly(bytes: &mut [u8]);

    #[wasm_bindgen(js_name = reportError)]
    fn report_error(error: &JsValue);
}

/// The time now, in milliseconds since 1970.
#[expect(clippy::as_conversions, reason = "JavaScript's clock is a float, whole and below 2^53")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
fn now_millis() -> u64 {
    date_now() as u64
}

/// The time now.
pub(crate) fn now() -> Timestamp {
    i64::try_from(now_millis())
        .ok()
        .and_then(|millis| Timestamp::from_millis(millis).ok())
        .unwrap_or_default()
}

/// A new action id.
pub(crate) fn new_id() -> String {
    let mut random = [0; 10];
    fill_randomly(&mut random);
    uuid_v7(now_millis(), random)
}

/// A random number.
pub(crate) fn random() -> u32 {
    let mut bytes = [0; 4];
    fill_randomly(&mut bytes);
    u32::from_be_bytes(bytes)
}

/// Whether the page has a global of this name.
pub(crate) fn has_global(name: &str) -> bool {
    Reflect::get(&js_sys::global(), &name.into()).is_ok_and(|value| !value.is_undefined())
}

/// Throws an error of the page's own code where it is seen, without stopping ours.
pub(crate) fn report(error: &JsValue) {
    if has_global("reportError") {
        report_error(error);
    } else {
        let method = Reflect::get(&js_sys::global(), &"console".into())
            .and_then(|console| Reflect::get(&console, &"error".into()));
        if let Ok(Ok(method)) = method.map(wasm_bindgen::JsCast::dyn_into::<Function>) {
            // Where not even the console takes it there is nobody to tell.
            drop(method.call1(&JsValue::NULL, error));
        }
    }
}

/// The storage of the page, or memory where there is none or it is forbidden.
pub(crate) fn place() -> Box<dyn Place> {
    let is_window = web_sys::window().is_some();
    // The getter throws where the person has forbidden storage.
    if is_window && has_global("localStorage") {
        Box::new(Page)
    } else {
        Box::new(Memory::default())
    }
}

struct Page;

impl Place for Page {
    fn get(&self, key: &str) -> Option<String> {
        LocalStorage::raw().get_item(key).ok().flatten()
    }

    fn set(&self, key: &str, text: &str) -> bool {
        LocalStorage::raw().set_item(key, text).is_ok()
    }

    fn remove(&self, key: &str) {
        LocalStorage::delete(key);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let storage = LocalStorage::raw();
        let count = storage.length().unwrap_or(0);
        (0..count)
            .filter_map(|index| storage.key(index).ok().flatten())
            .filter(|key| key.starts_with(prefix))
            .collect()
    }
}

/// A promise of what a future gives. Futures are boxed, so that there is one of this function.
pub(crate) fn promise(future: Boxed<Result<JsValue, JsValue>>) -> Promise {
    wasm_bindgen_futures::future_to_promise(future)
}

/// Runs a future for its effects.
pub(crate) fn spawn(future: Boxed<()>) {
    wasm_bindgen_futures::spawn_local(future);
}

/// A future of any type.
pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// A wait that can be cut short.
#[derive(Default)]
pub(crate) struct Wait(RefCell<Option<Function>>);

impl Wait {
    /// Waits for so long, or until [`Wait::wake`].
    pub(crate) async fn millis(&self, millis: u32) {
        let mut timeout = None;
        self.until(|done| timeout = Some(Timeout::new(millis, move || call(&done)))).await;
        drop(timeout);
    }

    /// Waits until `begin`'s function is called, or [`Wait::wake`].
    pub(crate) async fn until(&self, begin: impl FnOnce(Function)) {
        let mut begin = Some(begin);
        let promise = Promise::new(&mut |resolve, _| {
            *self.0.borrow_mut() = Some(resolve.clone());
            if let Some(begin) = begin.take() {
                begin(resolve);
            }
        });
        // It is only ever resolved.
        drop(JsFuture::from(promise).await);
    }

    /// Ends the wait.
    pub(crate) fn wake(&self) {
        if let Some(resolve) = self.0.borrow_mut().take() {
            call(&resolve);
        }
    }
}

/// Calls a function of ours, or reports what one of the page throws.
fn call(function: &Function) {
    if let Err(error) = function.call0(&JsValue::UNDEFINED) {
        report(&error);
    }
}

/// A listener on the window, taken off when it is dropped.
pub(crate) struct Listener {
    target: web_sys::EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(JsValue)>,
}

impl Listener {
    /// Listens on `target`.
    pub(crate) fn on(
        target: &web_sys::EventTarget,
        name: &'static str,
        heard: impl FnMut(JsValue) + 'static,
    ) -> Self {
        let closure = Closure::<dyn FnMut(JsValue)>::new(heard);
        let function = closure.as_ref().unchecked_ref();
        if let Err(error) = target.add_event_listener_with_callback(name, function) {
            report(&error);
        }
        Self { target: target.clone(), name, closure }
    }

    /// Listens on the window; nowhere else are there such events.
    pub(crate) fn on_window(
        name: &'static str,
        heard: impl FnMut(JsValue) + 'static,
    ) -> Option<Self> {
        web_sys::window().map(|window| Self::on(&window, name, heard))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let function = self.closure.as_ref().unchecked_ref();
        drop(self.target.remove_event_listener_with_callback(self.name, function));
    }
}
