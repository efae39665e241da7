//! The command line: what can be asked of `kumari-credits`.

use crate::backtest::Backtest;
use crate::database::{Database, Place};
use crate::limits::{FILES_MIB_MAX, GUEST_FILES_MIB_MAX};
use crate::uuid7;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use kumari_engine::amount::Credits;
use kumari_engine::calibration::ACCOUNTS_MIN;
use kumari_engine::id::{AccountId, ActionId, IdFault, ModelId};
use kumari_engine::time::Timestamp;
use kumari_store::KeyScope;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// With fewer digits a text is not taken for the version of a price book.
const VERSION_DIGITS_MIN: usize = 6;

/// Credits for multi-model chat: the server, and questions about its prices.
#[derive(Debug, Parser)]
#[command(name = "kumari-credits", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the app and its interface until Ctrl-C or SIGTERM; SIGHUP reads the price book again.
    Serve(Box<Serve>),
    /// Check, compare, publish and take back price books.
    #[command(subcommand)]
    PriceBook(PriceBookCommand),
    /// Learn from what was settled how long answers are likely to be, and put that into force.
    #[command(subcommand)]
    Calibration(CalibrationCommand),
    /// Print what a usage costs, line by line.
    Price(Price),
    /// Read a file as the product does: its pages, characters and tokens, and what processing it
    /// would cost.
    Document(Document),
    /// Compute a receipt's charge again, from what was used and the prices. Ends with 0 where every
    /// number is the same, 1 where one differs, 2 where it cannot tell.
    Replay(Replay),
    /// Make, list and revoke the keys that backends show.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Make every account again from its journal, and compare with what is stored. Ends with 0
    /// where they are the same, 1 where they differ, 2 where it cannot tell.
    Audit(Audit),
    /// Print what a period did to an account: opening balance, one line for each entry, closing
    /// balance.
    Statement(Statement),
    /// Give an account credits that never end unless a time is named, and say why.
    Adjust(Adjust),
    /// Take what is left of a lot, and say why. What open holds have taken from it they may spend.
    RevokeLot(RevokeLot),
    /// Copy everything of one database into another, as from SQLite to PostgreSQL, and prove the
    /// copy. Stop every server first.
    MigrateStore(MigrateStore),
    /// Run a history of commands through the rules, in memory, and print each answer and balance;
    /// the format is in SIMULATE.md.
    Simulate(Simulate),
    /// Price recorded usage with another price book: what it was charged and would be, by task and
    /// model, and who would pay much more; the format is in BACKTEST.md. Ends with 0, with 1 where
    /// faulty lines were left out, with 2 where there is no result.
    Backtest(Box<Backtest>),
}

/// What to audit. It changes nothing, and may run beside servers.
#[derive(Debug, Args)]
pub struct Audit {
    /// Where everything is kept.
    #[command(flatten)]
    pub database: Database,
    /// Only this account.
    #[arg(long)]
    pub account: Option<AccountId>,
    /// Print JSON, one object a line, instead of sentences.
    #[arg(long)]
    pub json: bool,
}

/// What to copy where. Both are named as with `--database`.
#[derive(Debug, Args)]
pub struct MigrateStore {
    /// The database to copy; nothing in it is changed.
    #[arg(env = "KUMARI_DATABASE_FROM", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Place::from))]
    pub from: Place,
    /// The database to copy to; it is made where it is not there, and must be empty.
    #[arg(env = "KUMARI_DATABASE_TO", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Place::from))]
    pub to: Place,
    /// Go on with a copy that was broken off.
    #[arg(long)]
    pub resume: bool,
}

/// What can be done with service keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key and print its secret, which is not shown again.
    Create(KeyCreate),
    /// Print all keys, without their secrets.
    List {
        /// Where everything is kept.
        #[command(flatten)]
        database: Database,
    },
    /// Revoke a key for good.
    Revoke {
        /// The key, as `key list` names it.
        id: String,
        /// Where everything is kept.
        #[command(flatten)]
        database: Database,
    },
}

/// The key to make.
#[derive(Debug, Args)]
pub struct KeyCreate {
    /// What people call it.
    #[arg(long)]
    pub name: String,
    /// What it may do, for every account.
    #[arg(long, value_enum, default_value_t = KeyScopeName::Ledger)]
    pub scope: KeyScopeName,
    /// Where everything is kept.
    #[command(flatten)]
    pub database: Database,
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyScopeName {
    /// Read accounts and change them.
    Ledger,
    /// Read accounts.
    Read,
}

impl From<KeyScopeName> for KeyScope {
    fn from(name: KeyScopeName) -> Self {
        match name {
            KeyScopeName::Ledger => Self::Ledger,
            KeyScopeName::Read => Self::Read,
        }
    }
}

/// How to serve.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on.
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)))]
    pub listen: SocketAddr,
    /// Port on 127.0.0.1, instead of `--listen`; 0 picks a free one.
    #[arg(long, conflicts_with = "listen")]
    pub port: Option<u16>,
    /// Where everything is kept.
    #[command(flatten)]
    pub database: Database,
    /// A price book to publish at the start, and again at SIGHUP. Without it the database's own is in
    /// force; where it has none, the one inside the program is published.
    #[arg(long)]
    pub price_book: Option<PathBuf>,
    /// A folder with the token vocabularies, instead of those inside the program.
    #[arg(long)]
    pub vocabulary: Option<PathBuf>,
    /// How people reach this server, as `https://chat.example`, where a proxy stands in front of it.
    #[arg(long, value_parser = origin)]
    pub public_origin: Option<String>,
    /// The OpenID provider with whose accounts people may sign in, as `https://accounts.example`. It
    /// must know the address `/api/sign-in/oidc/return` of this server.
    #[arg(long, requires = "oidc_client_id")]
    pub oidc_issuer: Option<String>,
    /// What the OpenID provider calls this server.
    #[arg(long, requires = "oidc_issuer")]
    pub oidc_client_id: Option<String>,
    /// The environment variable that holds the client's secret; the secret itself is never an
    /// argument. Without one this is a public client.
    #[arg(long, default_value = "KUMARI_OIDC_SECRET")]
    pub oidc_secret_variable: String,
    /// What people call the OpenID provider.
    #[arg(long, default_value = "single sign-on")]
    pub oidc_name: String,
    /// Who runs the models.
    #[arg(long, value_enum, default_value_t = ProviderName::Demo)]
    pub provider: ProviderName,
    /// Makes the demo provider's answers, pace and failures repeatable.
    #[arg(long, default_value_t = 0)]
    pub demo_seed: u64,
    /// How fast the demo provider speaks.
    #[arg(long, value_enum, default_value_t = DemoPaceName::Human)]
    pub demo_pace: DemoPaceName,
    /// How many of 10 000 answers of the demo provider fail by chance.
    #[arg(long, default_value_t = 200)]
    pub demo_failures_per_10_000: u32,
    /// The endpoint that speaks OpenAI's protocol.
    #[arg(long, default_value = "https://api.openai.com/v1")]
    pub openai_base_url: String,
    /// The environment variable that holds the endpoint's key; the key itself is never an argument.
    #[arg(long, default_value = "OPENAI_API_KEY")]
    pub openai_key_variable: String,
    /// How packs and Pro are paid; where absent, by Stripe where its key is set, else with play money
    /// with the demo provider or on a loopback address.
    #[arg(long, value_enum)]
    pub payments: Option<PaymentsName>,
    /// Where Stripe's API is.
    #[arg(long, default_value = "https://api.stripe.com")]
    pub stripe_base_url: String,
    /// The environment variable that holds Stripe's secret key; the key itself is never an argument.
    #[arg(long, default_value = "STRIPE_SECRET_KEY")]
    pub stripe_key_variable: String,
    /// The environment variable that holds the secret of Stripe's webhook, whose address is
    /// `/api/stripe/webhook`.
    #[arg(long, default_value = "STRIPE_WEBHOOK_SECRET")]
    pub stripe_webhook_variable: String,
    /// Requests of one network address in a second, on average.
    #[arg(long, default_value = "100")]
    pub address_requests_per_second: NonZeroU32,
    /// Requests of one session in a second, on average.
    #[arg(long, default_value = "50")]
    pub session_requests_per_second: NonZeroU32,
    /// MiB of all accounts' files together, with the texts that were read of them; then uploads are
    /// refused. Several servers on one database look at each other's files once a minute.
    #[arg(long, default_value_t = FILES_MIB_MAX)]
    pub files_mib_max: u32,
    /// MiB of the files of one guest.
    #[arg(long, default_value_t = GUEST_FILES_MIB_MAX)]
    pub guest_files_mib_max: u32,
    /// How long running answers may go on after the signal to stop.
    #[arg(long, default_value_t = 30)]
    pub shutdown_seconds: u32,
    /// How the log is written, to standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// Who runs the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProviderName {
    /// Made-up answers, offline.
    Demo,
    /// Any endpoint that speaks OpenAI's protocol.
    Openai,
}

/// How fast the demo provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DemoPaceName {
    /// As fast as people read.
    Human,
    /// Without any wait.
    None,
}

/// How packs are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PaymentsName {
    /// With play money.
    Demo,
    /// By Stripe.
    Stripe,
    /// Not at all.
    None,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What can be done with price books.
#[derive(Debug, Subcommand)]
pub enum PriceBookCommand {
    /// Print every fault of a price book with its path; fails where there is one.
    Check {
        /// The price book.
        file: PathBuf,
    },
    /// Print a price book's version, the SHA-256 of its canonical form.
    Version {
        /// The price book.
        file: PathBuf,
    },
    /// Print the books that were published, the latest first, and which is in force.
    List {
        /// Where they are published.
        #[command(flatten)]
        database: Database,
        /// Print JSON, one object a line, instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Print a price book as it was written, to read or to change.
    Show {
        /// Which: a file, `in-force`, `built-in`, or the beginning of a version.
        #[arg(default_value = "in-force")]
        book: BookName,
        /// Where it is published.
        #[command(flatten)]
        database: Database,
    },
    /// Print what changes from one book to another, in words and percent: what typical requests
    /// cost, and every place that differs.
    Diff {
        /// The earlier one: a file, `in-force`, `built-in`, or the beginning of a version.
        from: BookName,
        /// The later one, named alike.
        to: BookName,
        /// Where they are published.
        #[command(flatten)]
        database: Database,
        /// Print one JSON object instead of sentences.
        #[arg(long)]
        json: bool,
    },
    /// Bring list prices of models into a book, out of a file of litellm or genai-prices: exactly, or
    /// named with the reason why not. Prints the new book; publishes nothing.
    Import(Box<Import>),
    /// Publish a price book, for now or for a time to come. Running servers use it by themselves.
    Publish(Publish),
    /// Go back to the prices of an earlier book, from now on: it is published once more.
    RollBack {
        /// The earlier book: the beginning of its version; where absent, the one that was in force
        /// before the one that is, unless that has the prices of an earlier one already.
        #[arg(long)]
        to: Option<BookName>,
        /// Where they are published.
        #[command(flatten)]
        database: Database,
        /// Print what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to import, and into which book.
#[derive(Debug, Args)]
pub struct Import {
    /// litellm's `model_prices_and_context_window.json`, or genai-prices' `data.json`.
    pub file: PathBuf,
    /// Whose file it is.
    #[arg(long, value_enum)]
    pub from: ListName,
    /// The book that the prices go into: a file, `in-force`, `built-in`, or the beginning of a
    /// version. Models that it has get other rates and keep everything else, others are added.
    #[arg(long, default_value = "built-in")]
    pub into: BookName,
    /// Only these entries, by their names in the file, with `*` for any text; `ID=NAME` makes one
    /// the model `ID` of the book.
    #[arg(long, value_delimiter = ',')]
    pub models: Vec<String>,
    /// What a US dollar of list price is in credits.
    #[arg(long, default_value = "100")]
    pub credits_per_usd: Credits,
    /// The tier of new text models; where absent, frontier above $1.25 for a million input tokens.
    #[arg(long, value_enum)]
    pub tier: Option<TierName>,
    /// New text models count tokens as this model of the book; where absent, by wide assumed bounds.
    #[arg(long, value_name = "MODEL")]
    pub encoding_of: Option<ModelId>,
    /// How many tokens fit into new text models of which the file does not say it.
    #[arg(long)]
    pub context_tokens: Option<u64>,
    /// The day, in UTC, whose prices are read; where absent, today.
    #[arg(long, value_parser = day)]
    pub read_on: Option<String>,
    /// Where to write the new book, instead of standard output.
    #[arg(long, value_name = "BOOK")]
    pub output: Option<PathBuf>,
    /// Where to write what became of each entry, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Where books are published.
    #[command(flatten)]
    pub database: Database,
}

/// A package that lists prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListName {
    /// The package of that name.
    Litellm,
    /// The package of that name.
    GenaiPrices,
}

impl ListName {
    /// The package's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Litellm => "litellm",
            Self::GenaiPrices => "genai-prices",
        }
    }
}

/// A tier of text models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TierName {
    /// Cheap and quick.
    Lightweight,
    /// The best that its provider has.
    Frontier,
}

/// What to publish, and from when.
#[derive(Debug, Args)]
pub struct Publish {
    /// The price book: a file, `built-in`, or the beginning of a version.
    pub book: BookName,
    /// From when it is in force instead of its own `effective_at`, as `2026-12-01T00:00:00Z`.
    #[arg(long)]
    pub effective_at: Option<Timestamp>,
    /// It is in force from this moment.
    #[arg(long, conflicts_with = "effective_at")]
    pub now: bool,
    /// Where to publish it.
    #[command(flatten)]
    pub database: Database,
    /// Print what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What can be done with calibrations.
#[derive(Debug, Subcommand)]
pub enum CalibrationCommand {
    /// Learn from every settled answer in a database, and print the calibration; puts nothing into
    /// force. It changes nothing, and may run beside servers.
    Learn {
        /// Where everything is kept.
        #[command(flatten)]
        database: Database,
        /// Only from what was admitted since then, as `2026-11-01T00:00:00Z`.
        #[arg(long)]
        since: Option<Timestamp>,
        /// Only what answers of so many accounts tell: what is one customer's alone is public too.
        #[arg(long, value_name = "COUNT", default_value_t = ACCOUNTS_MIN,
            value_parser = clap::value_parser!(u64).range(1..))]
        accounts_min: u64,
        /// Where to write it, instead of standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print every fault of a calibration with its path; fails where there is one.
    Check {
        /// The calibration.
        file: PathBuf,
    },
    /// Put a calibration into force. Running servers and open pages use it by themselves.
    Publish {
        /// The calibration.
        file: PathBuf,
        /// Where to.
        #[command(flatten)]
        database: Database,
    },
    /// Print the calibration in force.
    Show {
        /// Where it is.
        #[command(flatten)]
        database: Database,
    },
    /// Go back to the likely prices of the price book alone.
    Withdraw {
        /// Where from.
        #[command(flatten)]
        database: Database,
    },
}

/// A price book, as it is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookName {
    /// The one inside the program.
    BuiltIn,
    /// The one that is in force.
    InForce,
    /// A file.
    File(PathBuf),
    /// A published one, by the first digits of its version.
    Version(String),
}

impl FromStr for BookName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let is_version = text.len() >= VERSION_DIGITS_MIN
            && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        Ok(match text {
            "built-in" => Self::BuiltIn,
            "in-force" => Self::InForce,
            _ if is_version && !Path::new(text).exists() => Self::Version(text.to_owned()),
            _ => Self::File(text.into()),
        })
    }
}

/// What to price.
#[derive(Debug, Args)]
pub struct Price {
    /// The task, as `direct` or `deep_research`.
    #[arg(long)]
    pub task: String,
    /// The model's id in the price book.
    #[arg(long)]
    pub model: String,
    /// What was used, as `{"input_tokens": 1234, "output_tokens": 567}`.
    #[arg(long)]
    pub usage: String,
    /// The price book, instead of the one inside the program.
    #[arg(long)]
    pub price_book: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Which file to read, and with which model it would be processed.
#[derive(Debug, Args)]
pub struct Document {
    /// A PDF, DOCX, TXT or CSV file.
    pub file: PathBuf,
    /// The model's id in the price book; without it nothing is priced.
    #[arg(long)]
    pub model: Option<String>,
    /// The price book, instead of the one inside the program.
    #[arg(long)]
    pub price_book: Option<PathBuf>,
    /// A folder with the token vocabularies, instead of those inside the program.
    #[arg(long)]
    pub vocabulary: Option<PathBuf>,
    /// Print JSON instead of lines.
    #[arg(long)]
    pub json: bool,
}

/// What to replay, and with which prices.
#[derive(Debug, Args)]
pub struct Replay {
    /// The receipt, as `GET /api/actions/{id}/receipt` gives it; `-` is standard input.
    pub receipt: PathBuf,
    /// The price book, instead of the one that the receipt names.
    #[arg(long)]
    pub price_book: Option<PathBuf>,
    /// Where the book is that the receipt names, where that is not the one inside the program.
    #[command(flatten)]
    pub database: Database,
    /// Print JSON instead of sentences.
    #[arg(long)]
    pub json: bool,
}

/// Which statement; without a month or times that of this month.
#[derive(Debug, Args)]
pub struct Statement {
    /// Where everything is kept.
    #[command(flatten)]
    pub database: Database,
    /// Whose.
    #[arg(long)]
    pub account: AccountId,
    /// A month in UTC, as `2026-11`.
    #[arg(long)]
    pub month: Option<String>,
    /// Its first day or instant in UTC, as `2026-11-30` or `2026-11-30T10:00:00Z`.
    #[arg(long)]
    pub from: Option<String>,
    /// The first day or instant after it.
    #[arg(long)]
    pub to: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = StatementFormat::Text)]
    pub format: StatementFormat,
}

/// How a statement is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatementFormat {
    /// For people.
    Text,
    /// For spreadsheets.
    Csv,
    /// One JSON object a line.
    Json,
}

/// What to give.
#[derive(Debug, Args)]
pub struct Adjust {
    /// Where everything is kept.
    #[command(flatten)]
    pub database: Database,
    /// Whom.
    #[arg(long)]
    pub account: AccountId,
    /// How many credits, as `25` or `0.5`; above zero.
    #[arg(long)]
    pub credits: Credits,
    /// Why: one line, for the journal and the statement.
    #[arg(long)]
    pub reason: String,
    /// From when they can no longer be used, as `2026-11-30T10:00:00Z`.
    #[arg(long)]
    pub expires_at: Option<Timestamp>,
    /// A UUIDv7 that makes a repeat safe; made where absent, and printed.
    #[arg(long, value_parser = action_id)]
    pub action_id: Option<ActionId>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What to take.
#[derive(Debug, Args)]
pub struct RevokeLot {
    /// Where everything is kept.
    #[command(flatten)]
    pub database: Database,
    /// From whom.
    #[arg(long)]
    pub account: AccountId,
    /// The lot: the number of the entry that granted it.
    #[arg(long)]
    pub lot: u64,
    /// Why: one line, for the journal and the statement.
    #[arg(long)]
    pub reason: String,
    /// A UUIDv7 that makes a repeat safe; made where absent, and printed.
    #[arg(long, value_parser = action_id)]
    pub action_id: Option<ActionId>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What to simulate.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The history, one JSON object a line; `-` reads standard input.
    pub history: PathBuf,
    /// The price book, instead of the one inside the program.
    #[arg(long)]
    pub price_book: Option<PathBuf>,
    /// Leave out lines that cannot be read, and say so in their places.
    #[arg(long)]
    pub keep_going: bool,
    /// Print the journal entries of each line too.
    #[arg(long)]
    pub entries: bool,
}

fn action_id(text: &str) -> Result<ActionId, String> {
    let uuid = uuid7::read(text).ok_or("write a UUID of version 7 in lower case with hyphens")?;
    uuid.to_string().parse().map_err(|fault: IdFault| fault.to_string())
}

fn day(text: &str) -> Result<String, String> {
    let begins = format!("{text}T00:00:00Z").parse::<Timestamp>();
    begins.map(|_| text.to_owned()).map_err(|_| "write a day as `2026-11-23`".to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    let plain = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| text.strip_prefix(scheme))
        .any(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']));
    if plain {
        Ok(text.to_owned())
    } else {
        Err("write scheme and host only, as `https://chat.example`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cli, Command};
    use clap::{CommandFactory as _, Parser as _};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_needs_no_configuration() {
        let cli = Cli::try_parse_from(["kumari-credits", "serve"]).unwrap();
        let Command::Serve(serve) = cli.command else {
            panic!("not `serve`");
        };
        assert_eq!(serve.listen.to_string(), "127.0.0.1:8787");
    }

    #[test]
    fn what_cannot_be_an_origin_is_refused() {
        for bad in ["chat.example", "https://chat.example/", "https://", "ftp://chat.example"] {
            let arguments = ["kumari-credits", "serve", "--public-origin", bad];
            assert!(Cli::try_parse_from(arguments).is_err(), "{bad}");
        }
    }
}
