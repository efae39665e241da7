//! Passkeys: the routes that make one for the caller's account, and that sign in with one.
//!
//! Every check of an authenticator's answer is `webauthn-rs`'s. Here is decided for which site it is
//! asked, what it waits with, and which account it opens.

use crate::app::App;
use crate::body::{Json, Serde};
use crate::people::{self, check_room, claim, enter, key, name, wait_for, waited_for};
use crate::problem::{Answer, Problem};
use crate::session::{Begin, Caller};
use crate::site::Site;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use kumari_engine::fields;
use kumari_store::{Identity, IdentityKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Who the passkey will be for.
#[derive(Debug)]
pub(crate) struct Create {
    name: String,
}

fields! {
    Create { name }
}

/// What waits for an authenticator's answer.
#[derive(Serialize, Deserialize)]
enum Waiting {
    /// A new passkey of that name. The handle is what the authenticator knows the account by.
    Creation { name: String, handle: Uuid, state: PasskeyRegistration },
    /// A sign-in with any passkey that the person chooses.
    SignIn { state: DiscoverableAuthentication },
}

/// What is kept of a passkey.
#[derive(Serialize, Deserialize)]
struct Kept {
    handle: Uuid,
    passkey: Passkey,
}

/// `POST /api/passkeys/begin`: what the browser asks an authenticator for.
pub(crate) async fn begin_creation(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Json(create): Json<Create>,
) -> Answer<Response> {
    let webauthn = webauthn(&app, &headers)?;
    let name = name(&create.name);
    if name.is_empty() {
        return Err(Problem::invalid("name", "there is nothing in it: write what to call you"));
    }
    check_room(&app, &caller.account).await?;
    let known = app.store().identities_of(&caller.account, people::ACCOUNT_IDENTITIES_MAX).await?;
    let known: Vec<Kept> = known
        .iter()
        .filter(|identity| identity.kind == IdentityKind::Passkey)
        .filter_map(|identity| serde_json::from_str(&identity.details).ok())
        .collect();
    // An authenticator keeps one passkey for each handle and site, so all of an account have one.
    let handle = known.first().map_or_else(Uuid::new_v4, |kept| kept.handle);
    let excluded = known.iter().map(|kept| kept.passkey.cred_id().clone()).collect();
    let (options, state) = webauthn
        .start_passkey_registration(handle, &name, &name, Some(excluded))
        .map_err(|fault| Problem::internal("passkey", &fault))?;
    wait_for(&app, &caller, &Waiting::Creation { name, handle, state }).await?;
    let options = serde_json::to_value(&options.public_key);
    let mut options = options.map_err(|fault| Problem::internal("passkey", &fault))?;
    // Nobody types a name to sign in, so the authenticator must be able to find it by the site.
    if let Some(selection) = options.get_mut("authenticatorSelection") {
        selection["residentKey"] = Value::from("required");
        selection["requireResidentKey"] = Value::from(true);
    }
    Ok(crate::body::json(StatusCode::OK, &json!({ "publicKey": options })))
}

/// `POST /api/passkeys`: the new passkey claims the caller's account. Answers as `POST /api/session`.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Serde(answer): Serde<RegisterPublicKeyCredential>,
) -> Answer<Response> {
    let webauthn = webauthn(&app, &headers)?;
    let Waiting::Creation { name, handle, state } = waited_for(&app, &caller).await? else {
        return Err(refused(&"a sign-in was waited for"));
    };
    let passkey = webauthn.finish_passkey_registration(&answer, &state);
    let passkey = passkey.map_err(|fault| refused(&fault))?;
    let (now, key) = (app.now(), key(IdentityKind::Passkey, &[passkey.cred_id().as_ref()]));
    let details = details(&Kept { handle, passkey })?;
    let identity = Identity {
        key,
        account: caller.account.clone(),
        kind: IdentityKind::Passkey,
        name,
        details,
        created_at: now,
        used_at: now,
    };
    claim(&app, identity).await?;
    let account = caller.account.clone();
    enter(&app, &headers, &caller, account).await?.answer(&app).await
}

/// `POST /api/sign-in/passkey/begin`: what the browser asks an authenticator for.
pub(crate) async fn begin_sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Json(Begin {}): Json<Begin>,
) -> Answer<Response> {
    let webauthn = webauthn(&app, &headers)?;
    let (options, state) = webauthn
        .start_discoverable_authentication()
        .map_err(|fault| Problem::internal("passkey", &fault))?;
    wait_for(&app, &caller, &Waiting::SignIn { state }).await?;
    Ok(crate::body::json(StatusCode::OK, &json!({ "publicKey": options.public_key })))
}

/// `POST /api/sign-in/passkey`: the account that the passkey has claimed. Answers as
/// `POST /api/session`.
pub(crate) async fn sign_in(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Serde(answer): Serde<PublicKeyCredential>,
) -> Answer<Response> {
    let webauthn = webauthn(&app, &headers)?;
    let Waiting::SignIn { state } = waited_for(&app, &caller).await? else {
        return Err(refused(&"a new passkey was waited for"));
    };
    let (handle, credential) =
        webauthn.identify_discoverable_authentication(&answer).map_err(|fault| refused(&fault))?;
    let key = key(IdentityKind::Passkey, &[credential]);
    let identity = app.store().identity(&key).await?.ok_or_else(unknown)?;
    let kept: Kept = serde_json::from_str(&identity.details)
        .map_err(|fault| Problem::internal("passkey", &fault))?;
    if kept.handle != handle {
        return Err(refused(&"the handle is that of another account"));
    }
    let found = webauthn.finish_discoverable_authentication_v2(&answer, state, &kept.passkey);
    let found = found.map_err(|fault| {
        let is_copied = matches!(fault, WebauthnError::CredentialPossibleCompromise);
        if is_copied { copied() } else { refused(&fault) }
    })?;
    let mut passkey = kept.passkey;
    passkey.update_credential(&found);
    let details = details(&Kept { handle, passkey })?;
    app.store().use_identity(&key, details, app.now()).await?;
    enter(&app, &headers, &caller, identity.account).await?.answer(&app).await
}

/// The site that passkeys are for. Browsers make none for an address without a name.
fn webauthn(app: &App, headers: &HeaderMap) -> Answer<Webauthn> {
    let unavailable = || {
        let detail = "passkeys need an address with a name: open this page under `localhost`, or \
                      start the server with `--public-origin https://…`";
        Problem::new(StatusCode::CONFLICT, "passkeys_unavailable", detail)
    };
    let site = Site::of(app, headers).filter(Site::has_name).ok_or_else(unavailable)?;
    let origin = Url::parse(&site.origin).map_err(|_| unavailable())?;
    let host = origin.domain().ok_or_else(unavailable)?;
    let built = WebauthnBuilder::new(host, &origin).and_then(|site| site.rp_name("Kumari").build());
    built.map_err(|fault| Problem::internal("passkey", &fault))
}

fn details(kept: &Kept) -> Answer<String> {
    serde_json::to_string(kept).map_err(|fault| Problem::internal("passkey", &fault))
}

/// What is wrong with it is for the log: whoever forges an answer learns nothing.
fn refused(fault: &dyn std::fmt::Display) -> Problem {
    tracing::info!(%fault, "a passkey's answer was refused");
    let detail = "this passkey's answer could not be verified; try again";
    Problem::new(StatusCode::FORBIDDEN, "passkey_refused", detail)
}

fn unknown() -> Problem {
    let detail = "no account has this passkey; it may have been deleted. Create a new one";
    Problem::not_found("passkey_unknown", detail)
}

fn copied() -> Problem {
    tracing::warn!("a passkey's counter went back: it may have been copied");
    let detail = "this passkey was used elsewhere since, a sign that it was copied, so it opens \
                  nothing now. Sign in another way, and remove it from your device";
    Problem::new(StatusCode::FORBIDDEN, "passkey_copied", detail)
}
