//! `kumari-credits serve`: puts the parts together, listens, and stops when it is told to.

use crate::Config;
use crate::cli::{DemoPaceName, LogFormat, PaymentsName, ProviderName, Serve};
use crate::counter::{Counter, VocabularyFault};
use crate::database::DatabaseFault;
use crate::limits::{Limits, mib};
use crate::oidc_client::OidcSettings;
use crate::price::{self, PriceFault};
use crate::provider::Provider;
use crate::provider_demo::{DemoPace, DemoProvider, DemoSettings};
use crate::provider_openai::{OpenAiProvider, OpenAiSettings, OpenAiSettingsFault};
use crate::server::{Parts, Server, StartFault};
use crate::stripe::StripeSettings;
use kumari_engine::price_book::PublishedBook;
use kumari_store::{FileRoom, Store, StoreError, SystemClock};
use secrecy::SecretString;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeFault {
    /// The price book cannot be used.
    #[error(transparent)]
    Price(#[from] PriceFault),
    /// Tokens cannot be counted.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyFault),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseFault),
    /// The database does not work.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {fault}; name another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        fault: io::Error,
    },
    /// The provider cannot be used.
    #[error("--openai-base-url: {0}")]
    Provider(#[from] OpenAiSettingsFault),
    /// A secret of Stripe is missing.
    #[error(
        "payments by Stripe need the environment variable {0}; or choose --payments demo or none"
    )]
    StripeSecret(String),
    /// Nobody would come back from Stripe's page.
    #[error("payments by Stripe need --public-origin: people come back there when they have paid")]
    StripeOrigin,
    /// The parts do not start.
    #[error(transparent)]
    Start(#[from] StartFault),
    /// The system says no.
    #[error("the system: {0}")]
    System(#[from] io::Error),
}

/// Serves until a signal ends it.
///
/// # Errors
/// [`ServeFault`] where it cannot begin, or broke off.
pub fn run(arguments: &Serve) -> Result<(), ServeFault> {
    start_log(arguments.log_format);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(arguments))
}

async fn serve(arguments: &Serve) -> Result<(), ServeFault> {
    let address = arguments
        .port
        .map_or(arguments.listen, |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    // Signals are heard before anything is promised.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;

    // Each connection is a file, and shells give a program few of them until it asks. Where more
    // cannot be had, fewer clients are served at once; that is not worth failing for.
    if let Err(fault) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%fault, "the limit of open files stays as it is");
    }
    let counter = Counter::load(arguments.vocabulary.as_deref())?;
    let provider = provider(arguments, &counter)?;
    let store = arguments.database.open().await?;
    let parts = Parts {
        book: opening_book(arguments, &*store).await?,
        store,
        clock: Arc::new(SystemClock),
        counter,
        config: config(arguments, address, provider.is_demo())?,
        provider,
    };
    let listener =
        TcpListener::bind(address).map_err(|fault| ServeFault::Listen { address, fault })?;
    let server = Server::start(parts, listener).await?;
    // Whoever started it may not read what it prints.
    let _ = writeln!(io::stdout(), "Kumari Credits listens on http://{}", server.address());
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = hang_up.recv() => publish_again(arguments, &server).await,
        }
    }
    tracing::info!("stopping; running answers may finish");
    Ok(server.stop().await?)
}

/// The book to begin with. The one inside the program is for a database without any: a newer program
/// must not change the prices by itself.
async fn opening_book(
    arguments: &Serve,
    store: &dyn Store,
) -> Result<Option<PublishedBook>, ServeFault> {
    let file = arguments.price_book.as_deref();
    let book = price::read(file)?;
    if file.is_some() || store.books(1).await?.is_empty() {
        return Ok(Some(book));
    }
    if store.book(&book.version).await?.is_none() {
        tracing::info!(
            "the price book inside the program is not in this database, whose own stays in force; \
             `kumari-credits price-book diff in-force built-in` compares them"
        );
    }
    Ok(None)
}

/// Reads the price book again. One that cannot be used changes nothing.
async fn publish_again(arguments: &Serve, server: &Server) {
    let Some(file) = arguments.price_book.as_deref() else {
        return tracing::warn!("there is no --price-book to read again");
    };
    let published = match price::read(Some(file)) {
        Ok(book) => {
            server.publish(&book).await.map_err(ServeFault::from).map(|force| (book, force))
        }
        Err(fault) => Err(fault.into()),
    };
    match published {
        Ok((book, in_force)) if book.version == in_force => {
            tracing::info!(version = %in_force, "the price book is in force");
        }
        Ok((book, in_force)) => tracing::warn!(
            version = %book.version, effective_at = %book.book.effective_at, %in_force,
            "the price book is published, and another one is in force: of two books the one with \
             the later effective_at counts, then the one published later; see \
             `kumari-credits price-book list`"
        ),
        Err(fault) => tracing::error!(%fault, "the price book stays as it was"),
    }
}

fn config(
    arguments: &Serve,
    address: SocketAddr,
    provider_is_demo: bool,
) -> Result<Config, ServeFault> {
    let harmless = provider_is_demo || address.ip().is_loopback();
    let stripe = stripe(arguments)?;
    let demo_payments = match arguments.payments {
        _ if stripe.is_some() => false,
        Some(PaymentsName::Demo) => true,
        Some(PaymentsName::None | PaymentsName::Stripe) => false,
        // Play money must not buy a stranger answers that cost real money.
        None => harmless,
    };
    if !harmless && demo_payments {
        tracing::warn!(
            "anybody can buy packs with play money here, and the provider is a real one"
        );
    }
    Ok(Config {
        public_origin: arguments.public_origin.clone(),
        demo_payments,
        stripe,
        oidc: oidc(arguments),
        limits: Limits {
            files_bytes_max: mib(arguments.files_mib_max),
            guest_files: FileRoom {
                bytes_max: mib(arguments.guest_files_mib_max),
                ..Limits::default().guest_files
            },
            address_requests_per_second: arguments.address_requests_per_second,
            session_requests_per_second: arguments.session_requests_per_second,
            ..Limits::default()
        },
        shutdown_grace: Duration::from_secs(u64::from(arguments.shutdown_seconds)),
        ..Config::default()
    })
}

/// Stripe, where it is asked for or its key is set.
fn stripe(arguments: &Serve) -> Result<Option<StripeSettings>, ServeFault> {
    let secret = |variable: &str| std::env::var(variable).ok().filter(|secret| !secret.is_empty());
    let is_named = arguments.payments == Some(PaymentsName::Stripe);
    let key = secret(&arguments.stripe_key_variable);
    if !is_named && (arguments.payments.is_some() || key.is_none()) {
        return Ok(None);
    }
    let missing = |variable: &str| ServeFault::StripeSecret(variable.to_owned());
    let webhook_secret = secret(&arguments.stripe_webhook_variable);
    Ok(Some(StripeSettings {
        base_url: arguments.stripe_base_url.clone(),
        secret_key: key.ok_or_else(|| missing(&arguments.stripe_key_variable))?.into(),
        webhook_secret: webhook_secret
            .ok_or_else(|| missing(&arguments.stripe_webhook_variable))?
            .into(),
        origin: arguments.public_origin.clone().ok_or(ServeFault::StripeOrigin)?,
    }))
}

fn oidc(arguments: &Serve) -> Option<OidcSettings> {
    let (issuer, client_id) =
        arguments.oidc_issuer.clone().zip(arguments.oidc_client_id.clone())?;
    let secret = std::env::var(&arguments.oidc_secret_variable).ok();
    Some(OidcSettings {
        issuer,
        client_id,
        client_secret: secret.filter(|secret| !secret.is_empty()).map(SecretString::from),
        name: arguments.oidc_name.clone(),
    })
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

fn provider(arguments: &Serve, counter: &Counter) -> Result<Arc<dyn Provider>, ServeFault> {
    match arguments.provider {
        ProviderName::Demo => Ok(Arc::new(demo(arguments, counter.clone()))),
        ProviderName::Openai => Ok(Arc::new(openai(arguments)?)),
    }
}

fn demo(arguments: &Serve, counter: Counter) -> DemoProvider {
    let settings = DemoSettings {
        seed: arguments.demo_seed,
        pace: match arguments.demo_pace {
            DemoPaceName::Human => DemoPace::HUMAN,
            DemoPaceName::None => DemoPace::NONE,
        },
        failures_per_10_000: arguments.demo_failures_per_10_000,
    };
    DemoProvider::new(settings, Arc::new(move |encoding, text| counter.count_in(encoding, text)))
}

fn openai(arguments: &Serve) -> Result<OpenAiProvider, ServeFault> {
    let key = std::env::var(&arguments.openai_key_variable).ok().filter(|key| !key.is_empty());
    if key.is_none() {
        tracing::warn!(
            variable = arguments.openai_key_variable,
            "no key is set; this works only with an endpoint that needs none"
        );
    }
    let key = key.map(SecretString::from);
    Ok(OpenAiProvider::new(OpenAiSettings::new(&arguments.openai_base_url, key))?)
}
