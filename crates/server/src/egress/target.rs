//! A parsed URL with everything a request needs from it, made once per endpoint.
//!
//! Hosts are read by the WHATWG rules, which turn every odd notation of an address (`0177.1`,
//! `2130706433`, `0x7f.1`, full-width digits, percent-encoding) into the address itself. What is
//! checked is what is connected to: there is no second parser.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use rustls::pki_types::ServerName;
use thiserror::Error;
use url::{Host, Url};

use super::policy::Blocked;

/// The longest URL that is accepted.
pub const URL_BYTES_MAX: usize = 2048;

/// Where a request goes. Cheap to clone.
#[derive(Clone)]
pub struct Target {
    inner: Arc<Inner>,
}

struct Inner {
    url: Url,
    key: Arc<HostKey>,
    address: Option<IpAddr>,
    server_name: ServerName<'static>,
    host_header: HeaderValue,
    origin_form: Uri,
    absolute_form: Uri,
}

/// What connections are shared by.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct HostKey {
    pub(super) https: bool,
    pub(super) host: String,
    pub(super) port: u16,
}

/// Why a URL is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UrlError {
    /// More than [`URL_BYTES_MAX`] bytes.
    #[error("must be at most {URL_BYTES_MAX} bytes long")]
    TooLong,
    /// Not a URL with a host.
    #[error("is not a valid URL: {0}")]
    Syntax(&'static str),
    /// A scheme other than `https` and, where that is allowed, `http`.
    #[error("must start with https://{}", if *http { " or http://" } else { "" })]
    Scheme {
        /// Whether `http` is allowed.
        http: bool,
    },
    /// `user:password@`.
    #[error("must not hold a user name or password")]
    Userinfo,
    /// `#…`, which is never sent.
    #[error("must not hold a fragment")]
    Fragment,
    /// The host is no address and no name that DNS could hold.
    #[error("must have a valid host")]
    Host,
    /// It leads where this server may not go.
    #[error("blocked: {0}")]
    Blocked(#[from] Blocked),
}

impl UrlError {
    /// The same where nothing before it says what it is about.
    pub fn alone(&self) -> String {
        match self {
            Self::Blocked(_) => self.to_string(),
            other => format!("the url {other}"),
        }
    }
}

impl Target {
    /// Parses without judging; the door for others is [`super::AddressPolicy::check_url`].
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        check_spelling(text)?;
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::InvalidPort => UrlError::Syntax("invalid port"),
            url::ParseError::EmptyHost => UrlError::Syntax("no host"),
            url::ParseError::RelativeUrlWithoutBase => UrlError::Scheme { http: false },
            _ => UrlError::Host,
        })?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlError::Scheme { http: false }),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Userinfo);
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        let (host, address) = read_host(&url)?;
        let port = url.port_or_known_default().ok_or(UrlError::Syntax("no port"))?;
        // Brackets belong to IPv6 in a URL and in `Host`, not in a TLS server name.
        let server_name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(|_| UrlError::Host)?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let path_and_query = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let unsendable = |_| UrlError::Syntax("characters that cannot be sent");
        let origin_form: Uri = path_and_query.parse().map_err(unsendable)?;
        let absolute_form: Uri =
            format!("{}://{authority}{path_and_query}", url.scheme()).parse().map_err(unsendable)?;
        let host_header = HeaderValue::try_from(authority).map_err(|_| UrlError::Host)?;
        let key = Arc::new(HostKey { https, host, port });
        let inner = Inner { url, key, address, server_name, host_header, origin_form, absolute_form };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The URL in its canonical spelling.
    pub fn as_str(&self) -> &str {
        self.inner.url.as_str()
    }

    /// The host in its canonical spelling, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.inner.key.host
    }

    /// The port, the scheme's own if the URL names none.
    pub fn port(&self) -> u16 {
        self.inner.key.port
    }

    /// Whether the connection is over TLS.
    pub fn is_https(&self) -> bool {
        self.inner.key.https
    }

    /// The path in its canonical spelling, without `.` and `..`.
    pub(super) fn path(&self) -> &str {
        self.inner.url.path()
    }

    pub(super) fn literal_address(&self) -> Option<IpAddr> {
        self.inner.address
    }

    /// RFC 6761: `localhost` and names below it are loopback and never asked of DNS.
    pub(super) fn is_localhost(&self) -> bool {
        self.host() == "localhost" || self.host().ends_with(".localhost")
    }

    pub(super) fn key(&self) -> &Arc<HostKey> {
        &self.inner.key
    }

    pub(super) fn server_name(&self) -> &ServerName<'static> {
        &self.inner.server_name
    }

    pub(super) fn host_header(&self) -> &HeaderValue {
        &self.inner.host_header
    }

    pub(super) fn origin_form(&self) -> &Uri {
        &self.inner.origin_form
    }

    pub(super) fn absolute_form(&self) -> &Uri {
        &self.inner.absolute_form
    }
}

/// What the WHATWG parser would silently repair: a URL that needs repair is more likely an attack
/// or a slip than a wish.
fn check_spelling(text: &str) -> Result<(), UrlError> {
    if text.len() > URL_BYTES_MAX {
        return Err(UrlError::TooLong);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(UrlError::Syntax("spaces, control characters or backslashes"));
    }
    let (_, rest) = text.split_once("://").ok_or(UrlError::Scheme { http: false })?;
    if rest.is_empty() || rest.starts_with(['/', '?', '#']) {
        return Err(UrlError::Syntax("no host"));
    }
    // An empty `@` disappears in the parser.
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlError::Userinfo);
    }
    Ok(())
}

fn read_host(url: &Url) -> Result<(String, Option<IpAddr>), UrlError> {
    match url.host().ok_or(UrlError::Syntax("no host"))? {
        Host::Ipv4(v4) => Ok((v4.to_string(), Some(IpAddr::V4(v4)))),
        Host::Ipv6(v6) => Ok((format!("[{v6}]"), Some(IpAddr::V6(v6)))),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let valid = name.len() <= 253 && name.split('.').all(is_label);
            if valid { Ok((name.to_owned(), None)) } else { Err(UrlError::Host) }
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.as_str()).finish()
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.inner.url == other.inner.url
    }
}

impl Eq for Target {}
