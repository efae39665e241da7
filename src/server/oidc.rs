//! Signing up and in with an OpenID provider: the way there, and the way back.

use crate::app::App;
use crate::body::{Json, json};
use crate::oidc_client::{OidcClient, OidcFault, Started, Subject};
use crate::people::{self, claim, enter, key, taken, wait_for, waited_for};
use crate::problem::{Answer, Problem};
use crate::session::{Begin, Caller};
use crate::site::Site;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use kumari_engine::id::AccountId;
use kumari_store::{Identity, IdentityKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Where the provider sends people back to; it is told the whole address.
pub(crate) const RETURN_PATH: &str = "/api/sign-in/oidc/return";
/// The longest code or state that is looked at, in bytes.
const PARAMETER_BYTES_MAX: usize = 4_096;

#[derive(Debug, Serialize)]
struct Way {
    /// Where the browser is to go.
    location: String,
}

/// What waits for somebody to come back.
#[derive(Serialize, Deserialize)]
enum Waiting {
    Oidc(Started),
}

/// `POST /api/sign-in/oidc`: where the browser is to go.
pub(crate) async fn begin(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    caller: Caller,
    Json(Begin {}): Json<Begin>,
) -> Answer<Response> {
    let client = client(&app)?;
    let site = Site::of(&app, &headers).ok_or_else(|| {
        let detail = "this server does not know its own address: start it with `--public-origin`";
        Problem::new(StatusCode::CONFLICT, "oidc_unavailable", detail)
    })?;
    let redirect = format!("{}{RETURN_PATH}", site.origin);
    let (location, started) = client.ask(redirect).await.map_err(|fault| told(&app, &fault))?;
    wait_for(&app, &caller, &Waiting::Oidc(started)).await?;
    Ok(json(StatusCode::OK, &Way { location }))
}

/// `GET /api/sign-in/oidc/return`: back from the provider. The page says what became of it.
pub(crate) async fn come_back(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    caller: Answer<Caller>,
) -> Response {
    let entered = match caller {
        Ok(caller) => arrive(&app, &headers, &caller, query.as_deref().unwrap_or_default()).await,
        Err(problem) => Err(problem),
    };
    let (code, cookies) = match entered {
        Ok(entered) => ("done", Some(entered)),
        Err(problem) => (problem.code(), None),
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    let address = HeaderValue::from_str(&format!("/?sign-in={code}"));
    let address = address.unwrap_or_else(|_| HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, address);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(entered) = cookies {
        entered.keep_in(response.headers_mut());
    }
    response
}

async fn arrive(
    app: &App,
    headers: &HeaderMap,
    caller: &Caller,
    query: &str,
) -> Answer<people::Entered> {
    let client = client(app)?;
    let back = Back::read(query);
    let Waiting::Oidc(started) = waited_for(app, caller).await?;
    let is_ours = back.state.as_deref() == Some(started.state.as_str())
        && back.issuer.is_none_or(|issuer| issuer == client.issuer());
    if !is_ours {
        return Err(refused(&"the answer is to another question, or from somebody else"));
    }
    if let Some(error) = back.error {
        tracing::info!(error, "the OpenID provider signed nobody in");
        let detail = "nobody was signed in there; try again, or sign in another way";
        return Err(Problem::new(StatusCode::FORBIDDEN, "oidc_denied", detail));
    }
    let code = back.code.ok_or_else(|| refused(&"there is no code"))?;
    let subject = client.finish(started, code, app.now()).await;
    let account = account_of(app, caller, subject.map_err(|fault| told(app, &fault))?).await?;
    enter(app, headers, caller, account).await
}

/// The account that the subject has claimed, or claims now: a guest's becomes that person's.
async fn account_of(app: &App, caller: &Caller, found: Subject) -> Answer<AccountId> {
    let Subject { issuer, subject, name } = found;
    let key = key(IdentityKind::Oidc, &[issuer.as_bytes(), subject.as_bytes()]);
    let now = app.now();
    let details = serde_json::json!({ "issuer": issuer, "subject": subject }).to_string();
    if let Some(known) = app.store().identity(&key).await? {
        if !caller.guest && known.account != caller.account {
            return Err(taken());
        }
        app.store().use_identity(&key, details, now).await?;
        return Ok(known.account);
    }
    let name = Some(people::name(&name)).filter(|name| !name.is_empty());
    let identity = Identity {
        key,
        account: caller.account.clone(),
        kind: IdentityKind::Oidc,
        name: name.unwrap_or_else(|| "You".to_owned()),
        details,
        created_at: now,
        used_at: now,
    };
    claim(app, identity).await?;
    Ok(caller.account.clone())
}

fn client(app: &App) -> Answer<&OidcClient> {
    app.oidc.as_ref().ok_or_else(|| {
        let detail = "this server has no OpenID provider: start it with `--oidc-issuer`";
        Problem::not_found("oidc_not_set_up", detail)
    })
}

fn told(app: &App, fault: &OidcFault) -> Problem {
    match fault {
        OidcFault::Refused(_) => refused(fault),
        OidcFault::Unavailable(_) => {
            tracing::warn!(%fault, "nobody can be signed in");
            let name = app.oidc.as_ref().map_or("it", OidcClient::name);
            let detail = format!("{name} does not answer now; try again in a moment");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "oidc_unavailable", detail)
                .retry_after(Duration::from_secs(5))
        }
    }
}

/// What is wrong with it is for the log: whoever forges an answer learns nothing.
fn refused(fault: &dyn std::fmt::Display) -> Problem {
    tracing::info!(%fault, "an OpenID provider's answer was refused");
    let detail = "the answer could not be verified; try again";
    Problem::new(StatusCode::FORBIDDEN, "oidc_refused", detail)
}

/// What somebody brings back.
#[derive(Debug, Default)]
struct Back {
    code: Option<String>,
    state: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
}

impl Back {
    fn read(query: &str) -> Self {
        let mut back = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "code" => &mut back.code,
                "state" => &mut back.state,
                "iss" => &mut back.issuer,
                "error" => &mut back.error,
                _ => continue,
            };
            // The first counts.
            if place.is_none() && value.len() <= PARAMETER_BYTES_MAX {
                *place = Some(value.into_owned());
            }
        }
        back
    }
}
