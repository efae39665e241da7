//! Stripe's HTTP API, as far as something is sold here: checkouts, the end of a subscription, and what
//! an event does not say by itself.
//!
//! No card and no address of a person comes near this server: both are typed at Stripe's pages. What
//! was bought is told by signed events alone (`stripe_webhook`).

use crate::problem::Problem;
use crate::stripe_events::{StripeSubscription, part};
use axum::http::StatusCode;
use kumari_engine::id::{AccountId, ActionId};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::time::Duration;

/// The version of the API that is spoken here, whatever an account's own is.
const API_VERSION: &str = "2025-03-31.basil";
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How long an answer may be.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// How Stripe is reached.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// Where its API is.
    pub base_url: String,
    /// The secret key.
    pub secret_key: SecretString,
    /// The secret of the webhook's endpoint.
    pub webhook_secret: SecretString,
    /// Where people come back to from Stripe's pages: our own origin.
    pub origin: String,
}

/// Why Stripe did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StripeFault {
    /// The address is none.
    #[error("`{0}` is not an address of HTTP")]
    BaseUrl(String),
    /// The key cannot be sent.
    #[error("the secret key has characters that no header can have")]
    Key,
    /// It was not reached, or broke off.
    #[error("Stripe was not reached: {0}")]
    NotReached(reqwest::Error),
    /// It said no.
    #[error("Stripe refused with {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// In its own words.
        message: String,
    },
    /// Its answer is not what it must be.
    #[error("Stripe's answer cannot be read")]
    Answer,
}

/// What talks to Stripe.
#[derive(Debug)]
pub(crate) struct Stripe {
    settings: StripeSettings,
    base_url: Url,
    client: Client,
}

/// What is to be paid at Stripe's page.
#[derive(Debug)]
pub(crate) struct Checkout<'a> {
    pub(crate) account: &'a AccountId,
    /// The browser's: the same again gets the same page.
    pub(crate) action_id: &'a ActionId,
    pub(crate) name: String,
    pub(crate) usd_cents: u32,
    /// Of a period, where it is paid again and again.
    pub(crate) months: Option<u32>,
}

impl Stripe {
    pub(crate) fn new(settings: StripeSettings) -> Result<Self, StripeFault> {
        let bad = || StripeFault::BaseUrl(settings.base_url.clone());
        let base_url = Url::parse(&settings.base_url).map_err(|_| bad())?;
        if !matches!(base_url.scheme(), "http" | "https") {
            return Err(bad());
        }
        let bearer = format!("Bearer {}", settings.secret_key.expose_secret());
        let mut bearer = HeaderValue::try_from(bearer).map_err(|_| StripeFault::Key)?;
        bearer.set_sensitive(true);
        let version = HeaderValue::from_static(API_VERSION);
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, bearer),
            ("stripe-version".parse().map_err(|_| StripeFault::Key)?, version),
        ]);
        // Another part of the process may have chosen it already, and then that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .timeout(TIMEOUT)
            .default_headers(headers)
            // A redirect could carry the key to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kumari-credits/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(StripeFault::NotReached)?;
        Ok(Self { settings, base_url, client })
    }

    pub(crate) fn webhook_secret(&self) -> &[u8] {
        self.settings.webhook_secret.expose_secret().as_bytes()
    }

    /// Begins a checkout, and says where it is paid.
    pub(crate) async fn checkout(&self, checkout: &Checkout<'_>) -> Result<String, StripeFault> {
        let account = checkout.account.as_str().to_owned();
        let item = |field: &str| format!("line_items[0]{field}");
        let back = format!("{}/", self.settings.origin);
        let mut form = vec![
            ("client_reference_id".to_owned(), account.clone()),
            ("metadata[account]".to_owned(), account.clone()),
            ("success_url".to_owned(), back.clone()),
            ("cancel_url".to_owned(), back),
            (item("[quantity]"), "1".to_owned()),
            (item("[price_data][currency]"), "usd".to_owned()),
            (item("[price_data][unit_amount]"), checkout.usd_cents.to_string()),
            (item("[price_data][product_data][name]"), checkout.name.clone()),
        ];
        match checkout.months {
            None => {
                form.push(("mode".to_owned(), "payment".to_owned()));
                form.push(("payment_intent_data[metadata][account]".to_owned(), account));
            }
            Some(months) => {
                let interval = if months == 12 { "year" } else { "month" };
                form.push(("mode".to_owned(), "subscription".to_owned()));
                form.push((item("[price_data][recurring][interval]"), interval.to_owned()));
                form.push(("subscription_data[metadata][account]".to_owned(), account));
            }
        }
        let key = checkout.action_id.as_str();
        let made = self.call(Method::POST, &["checkout", "sessions"], &form, Some(key)).await?;
        url_of(&made)
    }

    /// Where a person mends how a subscription is paid.
    pub(crate) async fn portal(&self, customer: &str) -> Result<String, StripeFault> {
        let form = [
            ("customer".to_owned(), customer.to_owned()),
            ("return_url".to_owned(), format!("{}/", self.settings.origin)),
        ];
        url_of(&self.call(Method::POST, &["billing_portal", "sessions"], &form, None).await?)
    }

    /// A subscription as it is now; nothing where this server did not sell it.
    pub(crate) async fn subscription(
        &self,
        id: &str,
    ) -> Result<Option<StripeSubscription>, StripeFault> {
        let found = self.call(Method::GET, &["subscriptions", id], &[], None).await?;
        Ok(StripeSubscription::read(&found))
    }

    /// Lets a subscription end with its period, or go on.
    pub(crate) async fn end_with_period(
        &self,
        id: &str,
        ends: bool,
    ) -> Result<Option<StripeSubscription>, StripeFault> {
        let form = [("cancel_at_period_end".to_owned(), ends.to_string())];
        let changed = self.call(Method::POST, &["subscriptions", id], &form, None).await?;
        Ok(StripeSubscription::read(&changed))
    }

    /// The invoice that a payment was for, where there is one.
    pub(crate) async fn invoice_of(&self, intent: &str) -> Result<Option<String>, StripeFault> {
        let form = [
            ("payment[type]".to_owned(), "payment_intent".to_owned()),
            ("payment[payment_intent]".to_owned(), intent.to_owned()),
        ];
        let found = self.call(Method::GET, &["invoice_payments"], &form, None).await?;
        Ok(part(&found, "/data/0/invoice").as_str().map(str::to_owned))
    }

    async fn call(
        &self,
        method: Method,
        path: &[&str],
        form: &[(String, String)],
        idempotency: Option<&str>,
    ) -> Result<Value, StripeFault> {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            // Each is one, whatever is in it.
            segments.pop_if_empty().push("v1").extend(path);
        }
        let mut request = if method == Method::GET {
            if !form.is_empty() {
                url.query_pairs_mut().extend_pairs(form);
            }
            self.client.get(url)
        } else {
            let mut body = form_urlencoded::Serializer::new(String::new());
            let body = body.extend_pairs(form).finish();
            let kind = "application/x-www-form-urlencoded";
            self.client.request(method, url).header(CONTENT_TYPE, kind).body(body)
        };
        if let Some(key) = idempotency {
            request = request.header("idempotency-key", key);
        }
        let told = |fault: reqwest::Error| StripeFault::NotReached(fault.without_url());
        let mut response = request.send().await.map_err(told)?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(part) = response.chunk().await.map_err(told)? {
            answer.extend_from_slice(&part);
            if answer.len() > ANSWER_BYTES_MAX {
                return Err(StripeFault::Answer);
            }
        }
        let answer: Value = serde_json::from_slice(&answer).unwrap_or(Value::Null);
        if !status.is_success() {
            let message = part(&answer, "/error/message").as_str().unwrap_or("no reason given");
            let message = message.chars().take(500).collect();
            return Err(StripeFault::Refused { status: status.as_u16(), message });
        }
        if answer.is_object() { Ok(answer) } else { Err(StripeFault::Answer) }
    }
}

fn url_of(object: &Value) -> Result<String, StripeFault> {
    part(object, "/url").as_str().map(str::to_owned).ok_or(StripeFault::Answer)
}

impl From<StripeFault> for Problem {
    fn from(fault: StripeFault) -> Self {
        tracing::error!(%fault, "Stripe did not do what was asked");
        let detail = "the payment provider did not answer as it should, and nothing was bought or \
                      changed; try again in a moment";
        Self::new(StatusCode::BAD_GATEWAY, "payments_unreachable", detail)
            .retry_after(Duration::from_secs(5))
    }
}
