//! Dialects: how an event looks on the wire (spec wire, "Dialects").
//!
//! A dialect is one `Row`: its name, its content type, the function that makes
//! the body, the function that adds its own headers, and the names of those headers. One file per
//! dialect holds its row; adding one means one file and one line here. The body depends on the
//! event alone, so it is the same bytes on every attempt.
mod cloudevents;
mod keystore;
mod pacspace;
mod paygraph;
mod standard;
mod trove;
mod trovefiles;

use crate::{Event, named::named, sign::Outgoing};

/// The headers of a request, lower-case names, in the order they are sent.
pub type Headers = Vec<(&'static str, String)>;

/// How an event looks on the wire: body, casing, extra headers, extra signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Dialect {
    /// The native envelope with the Standard Webhooks headers alone.
    #[default]
    Standard,
    /// `CloudEvents` 1.0, structured JSON.
    CloudEvents,
    /// The wallet product's: data at the top level, `X-Trove-Signature`.
    Trove,
    /// The agent workspace product's: `api_version` and `created_at`, `X-Trove-Signature`.
    TroveFiles,
    /// The approval product's: the payload is the body, one timestamp for all attempts.
    PayGraph,
    /// The ledger product's: camelCase, timestamp in a header.
    PacSpace,
    /// The gateway product's: camelCase, plain hex over the body.
    Keystore,
}

/// What sets one dialect apart.
pub(crate) struct Row {
    name: &'static str,
    content_type: &'static str,
    /// Writes the body of an event.
    body: fn(&Event, &mut String),
    /// Adds the dialect's own headers after the common ones.
    headers: fn(&Outgoing<'_>, &mut Headers),
    /// The names of those headers.
    own: &'static [&'static str],
}

/// Why a text is not a dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be standard, cloudevents, trove, trovefiles, paygraph, pacspace or keystore")]
pub struct DialectError;

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 7] = [
        Self::Standard,
        Self::CloudEvents,
        Self::Trove,
        Self::TroveFiles,
        Self::PayGraph,
        Self::PacSpace,
        Self::Keystore,
    ];

    const fn row(self) -> &'static Row {
        match self {
            Self::Standard => &standard::ROW,
            Self::CloudEvents => &cloudevents::ROW,
            Self::Trove => &trove::ROW,
            Self::TroveFiles => &trovefiles::ROW,
            Self::PayGraph => &paygraph::ROW,
            Self::PacSpace => &pacspace::ROW,
            Self::Keystore => &keystore::ROW,
        }
    }

    /// Its name in the API: `standard`, `cloudevents` …
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The `content-type` of its bodies.
    pub const fn content_type(self) -> &'static str {
        self.row().content_type
    }

    /// The headers that only this dialect sends, lower case.
    pub const fn own_headers(self) -> &'static [&'static str] {
        self.row().own
    }

    /// The body of an event in this dialect: the exact bytes to sign and send.
    ///
    /// Deterministic: the same event gives the same bytes for ever. Numbers keep their digits and
    /// keys their order; whitespace between tokens is dropped.
    pub fn encode(self, event: &Event) -> Vec<u8> {
        let mut body = String::with_capacity(event.data.get().len() + 256);
        (self.row().body)(event, &mut body);
        body.into_bytes()
    }

    pub(crate) fn add_headers(self, outgoing: &Outgoing<'_>, headers: &mut Headers) {
        (self.row().headers)(outgoing, headers);
    }
}

named!(Dialect, DialectError);

/// Writes the members of a JSON object in order. Names are our own and need no escaping.
struct ObjectWriter<'o>(&'o mut String);

impl<'o> ObjectWriter<'o> {
    fn open(out: &'o mut String) -> Self {
        out.push('{');
        Self(out)
    }

    fn name(&mut self, name: &str) -> &mut String {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0
    }

    /// A string member.
    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let out = self.name(name);
        let plain = |c: u8| (0x20..0x7f).contains(&c) && c != b'"' && c != b'\\';
        if value.bytes().all(plain) {
            out.push('"');
            out.push_str(value);
            out.push('"');
        } else {
            out.push_str(&serde_json::Value::from(value).to_string());
        }
        self
    }

    /// A string member, or `null`.
    fn text_or_null(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            return self.text(name, value);
        }
        self.name(name).push_str("null");
        self
    }

    /// A member whose value `write` appends.
    fn with(&mut self, name: &str, write: impl FnOnce(&mut String)) -> &mut Self {
        write(self.name(name));
        self
    }

    fn close(&mut self) {
        self.0.push('}');
    }
}
