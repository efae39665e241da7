//! A stand-in for Stripe's HTTP API, as far as the server asks it; and events signed as Stripe signs.
//! The live service was never reached.

use super::client::{Client, Reply, reply};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kumari_server::StripeSettings;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const WEBHOOK_SECRET: &str = "whsec_of_the_tests";

/// The path, form and headers of a request.
type Asked = (String, BTreeMap<String, String>, HeaderMap);

/// What was asked, and what there is.
#[derive(Debug, Default)]
pub(crate) struct FakeStripe {
    pub(crate) base_url: String,
    /// Each request that changed something.
    asked: Mutex<Vec<Asked>>,
    subscriptions: Mutex<BTreeMap<String, Value>>,
    /// Which payment was for which invoice.
    invoices: Mutex<BTreeMap<String, String>>,
}

type Api = State<Arc<FakeStripe>>;
type Answer = Result<axum::Json<Value>, (StatusCode, axum::Json<Value>)>;

impl FakeStripe {
    pub(crate) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let fake = Arc::new(Self { base_url, ..Self::default() });
        let router = Router::new()
            .route("/v1/checkout/sessions", post(checkout))
            .route("/v1/billing_portal/sessions", post(portal))
            .route("/v1/subscriptions/{id}", get(subscription).post(change))
            .route("/v1/invoice_payments", get(invoice_payments))
            .with_state(Arc::clone(&fake));
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    pub(crate) fn settings(&self) -> StripeSettings {
        StripeSettings {
            base_url: self.base_url.clone(),
            secret_key: "sk_test_of_the_tests".to_owned().into(),
            webhook_secret: WEBHOOK_SECRET.to_owned().into(),
            origin: "https://chat.example".to_owned(),
        }
    }

    pub(crate) fn put_subscription(&self, object: &Value) {
        let id = object["id"].as_str().unwrap().to_owned();
        self.subscriptions.lock().unwrap().insert(id, object.clone());
    }

    pub(crate) fn put_invoice(&self, intent: &str, invoice: &str) {
        self.invoices.lock().unwrap().insert(intent.to_owned(), invoice.to_owned());
    }

    /// The last request that changed something.
    pub(crate) fn asked(&self) -> Asked {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    fn note(&self, path: &str, headers: HeaderMap, body: &[u8]) -> BTreeMap<String, String> {
        let form: BTreeMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        self.asked.lock().unwrap().push((path.to_owned(), form.clone(), headers));
        form
    }
}

async fn checkout(State(fake): Api, headers: HeaderMap, body: Bytes) -> Answer {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    fake.note("checkout", headers, &body);
    Ok(axum::Json(json!({ "id": "cs_1", "url": format!("https://pay.example/{key}") })))
}

async fn portal(State(fake): Api, headers: HeaderMap, body: Bytes) -> Answer {
    let form = fake.note("portal", headers, &body);
    let url = format!("https://pay.example/mend/{}", form["customer"]);
    Ok(axum::Json(json!({ "url": url })))
}

async fn subscription(State(fake): Api, Path(id): Path<String>) -> Answer {
    let found = fake.subscriptions.lock().unwrap().get(&id).cloned();
    let missing = json!({ "error": { "message": "no such subscription" } });
    found.map(axum::Json).ok_or((StatusCode::NOT_FOUND, axum::Json(missing)))
}

async fn change(
    State(fake): Api,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let form = fake.note("change", headers, &body);
    let mut all = fake.subscriptions.lock().unwrap();
    let known = all.get_mut(&id).unwrap();
    known["cancel_at_period_end"] = json!(form["cancel_at_period_end"] == "true");
    Ok(axum::Json(known.clone()))
}

async fn invoice_payments(State(fake): Api, RawQuery(query): RawQuery) -> Answer {
    let query = query.unwrap_or_default();
    let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let invoices = fake.invoices.lock().unwrap();
    let invoice = invoices.get(&query["payment[payment_intent]"]);
    let data: Vec<Value> =
        invoice.map(|invoice| json!({ "invoice": invoice })).into_iter().collect();
    Ok(axum::Json(json!({ "data": data })))
}

/// The header that Stripe would send with a body at that second.
pub(crate) fn signature(body: &str, at: i64) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={at},v1={hex}")
}

/// Sends a body to the webhook.
pub(crate) async fn send(client: &Client, body: String, signature: &str) -> Reply {
    let request = client.request(Method::POST, "/api/stripe/webhook");
    let request = request.header("content-type", "application/json; charset=utf-8");
    reply(request.header("stripe-signature", signature).body(body).send().await.unwrap()).await
}
