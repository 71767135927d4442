//! How browsers log in: the cookie that stands for a key, the token that proves a change was meant, and links
//! (spec console, "Login").
//!
//! A token is 256 random bits and only its holder has it: rows know its keyed hash. The token of a change is a keyed
//! hash of that hash, so it needs no row. A link's token is in the fragment of its URL, which browsers send nowhere.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bellwire_domain::{
    Mint,
    workspace::session::{Session, TokenHash},
};
use bellwire_store::Vault;
use bellwire_wire::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::config::Config;

/// The name of the cookie.
pub const COOKIE: &str = "bellwire_session";
/// Where a session is begun, seen and ended.
pub const PATH: &str = "/v1/session";
/// The longest token that is looked at: ours have 43 characters.
const TOKEN_CHARS_MAX: usize = 64;

/// A new token, for a session or a link.
pub fn new_token(mint: &dyn Mint) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    mint.random(bytes.as_mut());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// How a session's token is recognised.
pub fn hash(vault: &Vault, token: &str) -> TokenHash {
    TokenHash(vault.token("session", token.as_bytes()))
}

/// How a link's token is recognised.
pub fn link_hash(vault: &Vault, token: &str) -> TokenHash {
    TokenHash(vault.token("link", token.as_bytes()))
}

/// What every change by cookie repeats in a header.
pub fn csrf_token(vault: &Vault, session: &Session) -> String {
    URL_SAFE_NO_PAD.encode(vault.token("csrf", &session.hash.0))
}

/// Whether a header repeats it.
pub fn is_csrf_token(vault: &Vault, session: &Session, sent: Option<&HeaderValue>) -> bool {
    sent.is_some_and(|sent| csrf_token(vault, session).as_bytes().ct_eq(sent.as_bytes()).into())
}

/// The session's token in a request's cookies.
pub fn in_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let named = |cookie: &str| cookie.trim().split_once('=').is_some_and(|(name, _)| name == COOKIE);
    let cookie = cookies.flat_map(|line| line.split(';')).find(|cookie| named(cookie))?;
    let (_, token) = cookie.trim().split_once('=')?;
    (1..=TOKEN_CHARS_MAX).contains(&token.len()).then_some(token)
}

/// The cookie of a session that has begun.
pub fn cookie(public_url: &str, token: &str, session: &Session, now: Timestamp) -> Option<HeaderValue> {
    set(public_url, token, session.expires_at.since(now).as_secs())
}

/// What removes the cookie.
pub fn no_cookie(public_url: &str) -> Option<HeaderValue> {
    set(public_url, "", 0)
}

/// Scripts cannot read it, other sites cannot have it sent, and where people come by `https` it goes by nothing else.
fn set(public_url: &str, token: &str, max_age: u64) -> Option<HeaderValue> {
    let secure = if public_url.starts_with("https:") { "; Secure" } else { "" };
    let text = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age}{secure}");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The URL of a link: its token is in the fragment, so it is in no log and no referrer.
pub fn link_url(public_url: &str, portal: bool, token: &str) -> String {
    let page = if portal { "portal" } else { "login" };
    format!("{public_url}/{page}#link={token}")
}

/// Where people reach the console: the configured URL, or the address at which it listens.
pub fn public_url(config: &Config, address: std::net::SocketAddr) -> String {
    config.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
}

/// Whether a request without a session comes from a page of this server, or from no page at all. Browsers say which
/// site asked, but not to every server: the origin, which they always say, has to be this server's too.
pub fn asked_by_own_page(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(&HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let host_of = |url: &str| url.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    let Some(origin) = text(&header::ORIGIN) else { return true };
    let Some(origin) = host_of(origin) else { return false };
    let host = text(&header::HOST).map(str::to_ascii_lowercase);
    host.is_some_and(|host| host == origin) || host_of(public_url).is_some_and(|own| own == origin)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bellwire_store::MasterKey;
    use bellwire_wire::{KeyId, WorkspaceId};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn session(number: u8) -> Session {
        Session {
            hash: TokenHash([number; 32]),
            workspace_id: WorkspaceId::from_ulid(ulid::Ulid::from(1_u128)),
            key_id: KeyId::from_ulid(ulid::Ulid::from(1_u128)),
            portal: false,
            read_only: false,
            created_at: NOW,
            expires_at: NOW.after(Duration::from_hours(12)),
        }
    }

    fn cookies(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn the_token_is_found_among_other_cookies_and_a_name_that_ends_alike_is_not_it() {
        assert_eq!(in_cookie(&cookies(&["a=b; bellwire_session=t0; c=d"])), Some("t0"));
        assert_eq!(in_cookie(&cookies(&["a=b", "bellwire_session=t0"])), Some("t0"));
        for none in ["", "bellwire_session", "bellwire_session=", "xbellwire_session=t0", "a=bellwire_session=t0"] {
            assert_eq!(in_cookie(&cookies(&[none])), None, "{none}");
        }
        let long: HeaderValue = format!("{COOKIE}={}", "x".repeat(65)).parse().expect("a header");
        assert_eq!(in_cookie(&HeaderMap::from_iter([(header::COOKIE, long)])), None);
    }

    #[test]
    fn a_csrf_token_fits_its_session_only() {
        let vault = Vault::new(&MasterKey::from_bytes([7; 32]));
        let token: HeaderValue = csrf_token(&vault, &session(1)).parse().expect("a header");
        assert!(is_csrf_token(&vault, &session(1), Some(&token)));
        assert!(!is_csrf_token(&vault, &session(2), Some(&token)));
        assert!(!is_csrf_token(&vault, &session(1), None));
        assert!(!is_csrf_token(&vault, &session(1), Some(&HeaderValue::from_static(""))));
    }

    #[test]
    fn the_cookie_is_for_https_alone_where_people_come_by_it() {
        let plain = cookie("http://127.0.0.1:1", "t0", &session(1), NOW).expect("a header");
        assert_eq!(plain, "bellwire_session=t0; HttpOnly; SameSite=Strict; Path=/; Max-Age=43200");
        let secure = cookie("https://bellwire.example", "t0", &session(1), NOW).expect("a header");
        assert!(secure.to_str().expect("text").ends_with("; Secure"));
        assert!(no_cookie("http://a").expect("a header").to_str().expect("text").contains("Max-Age=0"));
    }
}
