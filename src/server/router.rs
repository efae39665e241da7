//! The table of contents: every address, and the file that answers it.

use crate::app::App;
use crate::problem::Problem;
use crate::service_command::Admission;
use crate::{
    account_delete, action, action_events, assets, authorize, balance, batch, calibration,
    conversation_change, conversation_events, conversations, estimate, events, export, file_show,
    files, health, limits, media_library, oidc, own_limits, passkey, price_book, purchases,
    receipt, request_log, service, session, sessions, shield, spending, statement, stop,
    stripe_webhook, subscribe, top_up,
};
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use kumari_engine::extend::Extend;
use kumari_engine::grant::Grant;
use kumari_engine::payment::Payment;
use kumari_engine::renew::Renew;
use kumari_engine::settle::Settle;
use kumari_engine::void::Void;
use std::any::Any;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// All routes, behind what protects them. Layers are listed inside out.
pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .merge(api().merge(service_api()).layer(from_fn(limits::in_time)))
        .merge(uploads())
        .merge(streams())
        .merge(web().layer(CompressionLayer::new()))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(app), shield::same_origin))
        .layer(from_fn_with_state(Arc::clone(app), limits::by_address))
        // Whoever asks whether the process lives may show a key: it is not looked up.
        .route("/healthz", get(health::live).fallback(method_not_allowed))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(shield::harden))
        .layer(from_fn(request_log::request))
        .with_state(Arc::clone(app))
}

fn api() -> Router<Arc<App>> {
    let conversation = get(conversations::open)
        .patch(conversation_change::rename)
        .delete(conversation_change::delete);
    Router::new()
        .route("/api/session", post(session::begin))
        .route("/api/me", get(sessions::show))
        .route("/api/account/delete", post(account_delete::delete))
        .route("/api/sessions", delete(sessions::end_others))
        .route("/api/sessions/{id}", delete(sessions::end))
        .route("/api/sign-out", post(sessions::sign_out))
        .route("/api/passkeys/begin", post(passkey::begin_creation))
        .route("/api/passkeys", post(passkey::create))
        .route("/api/sign-in/passkey/begin", post(passkey::begin_sign_in))
        .route("/api/sign-in/passkey", post(passkey::sign_in))
        .route("/api/sign-in/oidc", post(oidc::begin))
        .route(oidc::RETURN_PATH, get(oidc::come_back))
        .route("/api/price-book", get(price_book::in_force))
        .route("/api/price-books/{version}", get(price_book::published))
        .route("/api/calibration", get(calibration::in_force))
        .route("/api/balance", get(balance::show))
        .route("/api/estimate", post(estimate::ask))
        .route("/api/actions", post(authorize::send))
        .route("/api/actions/{id}", get(action::show))
        .route("/api/actions/{id}/stop", post(stop::stop))
        .route("/api/actions/{id}/receipt", get(receipt::show))
        .route("/api/actions/{id}/files/{file_id}", delete(media_library::remove))
        .route("/api/media", get(media_library::list))
        .route("/api/statement", get(statement::show))
        .route("/api/spending", get(spending::show))
        .route("/api/forecast", get(spending::lasts))
        .route("/api/limits", get(own_limits::show).put(own_limits::put))
        .route("/api/conversations", get(conversations::list))
        .route("/api/conversations/{id}", conversation)
        .route("/api/conversations/{id}/restore", post(conversation_change::restore))
        .route("/api/top-ups", post(top_up::buy))
        .route("/api/subscription", get(subscribe::show).post(subscribe::begin))
        .route("/api/subscription/cancel", post(subscribe::cancel))
        .route("/api/subscription/resume", post(subscribe::resume))
        .route("/api/subscription/pay", post(subscribe::pay))
        .route("/api/subscription/demo-renewal", post(subscribe::renew_for_show))
        .route("/api/stripe/webhook", post(stripe_webhook::receive))
        .route("/api/purchases", get(purchases::list))
        .route("/api/purchases/{payment}", get(purchases::show))
        .route("/readyz", get(health::ready))
}

fn service_api() -> Router<Arc<App>> {
    Router::new()
        .route("/api/accounts/{account}/authorize", post(service::run::<Admission>))
        .route("/api/accounts/{account}/extend", post(service::run::<Extend>))
        .route("/api/accounts/{account}/renew", post(service::run::<Renew>))
        .route("/api/accounts/{account}/settle", post(service::run::<Settle>))
        .route("/api/accounts/{account}/void", post(service::run::<Void>))
        .route("/api/accounts/{account}/grant", post(service::run::<Grant>))
        .route("/api/accounts/{account}/payments", post(service::run::<Payment>))
        .route("/api/accounts/{account}/balance", get(service::balance))
        .route("/api/accounts/{account}/actions/{id}", get(service::action))
        .route("/api/accounts/{account}/actions/{id}/receipt", get(service::receipt))
        .route("/api/accounts/{account}/entries", get(service::entries))
        .route("/api/batch", post(batch::run))
}

/// A file may take longer to come than any other request; it has limits of its own.
fn uploads() -> Router<Arc<App>> {
    let in_time = get(file_show::show).delete(files::remove).layer(from_fn(limits::in_time));
    Router::new().route("/api/files/{file_id}", in_time.put(files::put))
}

fn streams() -> Router<Arc<App>> {
    Router::new()
        .route("/api/account/export", get(export::show))
        .route("/api/events", get(events::listen))
        .route("/api/actions/{id}/events", get(action_events::listen))
        .route("/api/conversations/events", get(conversation_events::listen))
}

fn web() -> Router<Arc<App>> {
    Router::new()
        .route("/pkg/{*path}", get(assets::package))
        .route("/vocabulary/{*path}", get(assets::vocabulary))
        .fallback(assets::app)
}

/// The address is there, and the method is not.
pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not take that method; see `allow`",
    )
}

/// A fault of ours ends one request, never the process, and tells nobody what was in memory.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem::internal("panic", &"a request handler broke").into_response()
}
