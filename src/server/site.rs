//! Under which origin people reach this server: what passkeys are bound to, and where an identity
//! provider sends them back.

use crate::app::App;
use axum::http::{HeaderMap, Uri, header};
use std::net::IpAddr;

/// An origin, and whether its host is a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) origin: String,
    host: String,
}

impl Site {
    /// The public origin, or without one what a browser on this machine asked for. A `Host` that says
    /// anything else is not believed.
    pub(crate) fn of(app: &App, headers: &HeaderMap) -> Option<Self> {
        Self::read(app.config.public_origin.as_deref(), headers)
    }

    fn read(public_origin: Option<&str>, headers: &HeaderMap) -> Option<Self> {
        if let Some(origin) = public_origin {
            let uri: Uri = origin.parse().ok()?;
            return Some(Self { origin: origin.to_owned(), host: uri.host()?.to_owned() });
        }
        let asked = headers.get(header::HOST)?.to_str().ok()?;
        let uri: Uri = format!("http://{asked}").parse().ok()?;
        let host = uri.host()?;
        let is_here = host == "localhost" || address(host).is_some_and(|ip| ip.is_loopback());
        let is_plain = uri.authority().is_some_and(|authority| authority.as_str() == asked);
        (is_here && is_plain && !asked.contains('@'))
            .then(|| Self { origin: format!("http://{asked}"), host: host.to_owned() })
    }

    /// Whether its host is a name and not a number.
    pub(crate) fn has_name(&self) -> bool {
        address(&self.host).is_none()
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Site;
    use axum::http::{HeaderMap, HeaderValue, header};

    #[test]
    fn only_this_machine_is_believed_without_a_public_origin() {
        for (public_origin, host, expected) in [
            (None, "localhost:8787", Some(("http://localhost:8787", true))),
            (None, "localhost", Some(("http://localhost", true))),
            (None, "127.0.0.1:8787", Some(("http://127.0.0.1:8787", false))),
            (None, "[::1]:8787", Some(("http://[::1]:8787", false))),
            (None, "localhost.evil.example", None),
            (None, "evil.example", None),
            (None, "evil.example@localhost", None),
            (None, "localhost/evil", None),
            (None, "10.0.0.1", None),
            (Some("https://chat.example"), "evil.example", Some(("https://chat.example", true))),
            (Some("http://10.0.0.1:80"), "10.0.0.1", Some(("http://10.0.0.1:80", false))),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            let site = Site::read(public_origin, &headers);
            let found = site.as_ref().map(|site| (site.origin.as_str(), site.has_name()));
            assert_eq!(found, expected, "{public_origin:?} {host}");
        }
    }
}
