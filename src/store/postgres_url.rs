//! Where a PostgreSQL database is, and how it is reached: what a URL says.
//!
//! The password is in the driver's configuration and nowhere else: what is said of a database, in
//! errors too, is its name without it.

use crate::error::StoreError;
use percent_encoding::percent_decode_str;
use std::fmt::Write as _;
use std::path::PathBuf;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Whom to believe that he is the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Whoever answers: the line is encrypted, and nobody vouches for its other end.
    Anybody,
    /// Who has a certificate for the host's name that the system trusts.
    System,
    /// Who has a certificate for the host's name that those in this file vouch for.
    File(PathBuf),
}

/// What a URL says.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
}

/// Whether a text is the URL of a PostgreSQL database.
pub fn is_postgres_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// The URL as it may be shown: without password and options.
pub fn without_password(url: &str) -> String {
    match read(url) {
        Ok(address) => name(&address.config),
        Err(_) => "postgres://…".to_owned(),
    }
}

/// Reads a URL.
///
/// `sslmode` and `sslrootcert` mean what they mean to libpq: `prefer` (where absent) and `require`
/// encrypt, `verify-full` also checks who answers, by the system's certificates or by those of the
/// file.
///
/// # Errors
/// [`StoreError::Address`], which does not repeat what was written.
pub(crate) fn read(url: &str) -> Result<Address, StoreError> {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut trust, mut mode, mut file) = (Trust::Anybody, SslMode::Prefer, None);
    let mut rest = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", "disable")) => mode = SslMode::Disable,
            Some(("sslmode", "prefer")) => mode = SslMode::Prefer,
            Some(("sslmode", "require")) => mode = SslMode::Require,
            Some(("sslmode", "verify-full")) => (mode, trust) = (SslMode::Require, Trust::System),
            Some(("sslmode", _)) => {
                let known = "`sslmode` is one of disable, prefer, require, verify-full";
                return Err(StoreError::Address(known.to_owned()));
            }
            Some(("sslrootcert", path)) => {
                let path = percent_decode_str(path).decode_utf8();
                let path = path.map_err(|_| StoreError::Address("`sslrootcert` is no text".into()));
                file = Some(PathBuf::from(path?.into_owned()));
            }
            Some(_) | None => rest.push(pair),
        }
    }
    if let Some(file) = file {
        if trust != Trust::System {
            let needed = "`sslrootcert` is only read with `sslmode=verify-full`";
            return Err(StoreError::Address(needed.to_owned()));
        }
        trust = Trust::File(file);
    }
    let mut config = match format!("{place}?{}", rest.join("&")).parse::<Config>() {
        Ok(config) => config,
        Err(fault) => return Err(StoreError::Address(crate::postgres_fault::words(&fault))),
    };
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        let needed = "it names no host; write `postgres://user@host/database`";
        return Err(StoreError::Address(needed.to_owned()));
    }
    config.ssl_mode(mode);
    if config.get_application_name().is_none() {
        config.application_name("kumari-credits");
    }
    Ok(Address { config, trust })
}

/// The database without its password.
fn name(config: &Config) -> String {
    let mut name = "postgres://".to_owned();
    if let Some(user) = config.get_user() {
        name.push_str(user);
        name.push('@');
    }
    let hosts = config.get_hosts().iter().zip(0_usize..).map(|(host, index)| {
        let mut text = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        let ports = config.get_ports();
        if let Some(port) = ports.get(index).or_else(|| ports.first()) {
            // Writing to a text cannot fail.
            let _ = write!(text, ":{port}");
        }
        text
    });
    name.push_str(&hosts.collect::<Vec<_>>().join(","));
    if let Some(database) = config.get_dbname() {
        name.push('/');
        name.push_str(database);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{Trust, read, without_password};
    use crate::error::StoreError;
    use std::path::Path;
    use tokio_postgres::config::SslMode;

    #[test]
    fn who_is_trusted_is_what_the_mode_says() {
        let table = [
            ("", SslMode::Prefer, Trust::Anybody),
            ("?sslmode=disable", SslMode::Disable, Trust::Anybody),
            ("?sslmode=require&connect_timeout=3", SslMode::Require, Trust::Anybody),
            ("?sslmode=verify-full", SslMode::Require, Trust::System),
            (
                "?sslrootcert=a%20b.pem&sslmode=verify-full",
                SslMode::Require,
                Trust::File(Path::new("a b.pem").to_owned()),
            ),
        ];
        for (query, mode, trust) in table {
            let address = read(&format!("postgres://me@db.example/credits{query}")).unwrap();
            assert_eq!((address.config.get_ssl_mode(), address.trust), (mode, trust), "{query}");
            assert_eq!(address.config.get_application_name(), Some("kumari-credits"));
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_a_word_of_it() {
        for (url, said) in [
            ("postgres://me:geheim@db/credits?sslmode=verify-ca", "verify-full"),
            ("postgres://me:geheim@db/credits?sslmode=geheim", "verify-full"),
            ("postgres://me:geheim@db/credits?sslrootcert=geheim.pem", "verify-full"),
            ("postgres://me:geheim@db:geheim/credits", "port"),
            ("postgres://me:geheim@/credits", "no host"),
            ("postgres://me:geheim@db/credits?colour=geheim", "colour"),
        ] {
            let Err(StoreError::Address(words)) = read(url) else { panic!("{url}") };
            assert!(words.contains(said) && !words.contains("geheim"), "{url}: {words}");
            assert!(!without_password(url).contains("geheim"), "{url}");
        }
    }

    #[test]
    fn a_name_has_everything_but_the_password_and_the_options() {
        for (url, name) in [
            ("postgres://me:p%40ss@db:5433/credits", "postgres://me@db:5433/credits"),
            ("postgresql://db,other:7/c?options=-cx%3Dgeheim", "postgres://db:5432,other:7/c"),
            ("postgres:///c?host=/run/pg&password=geheim&user=u", "postgres://u@/run/pg/c"),
        ] {
            assert_eq!(without_password(url), name);
        }
    }
}
