//! The schemes that can be verified: every dialect's, and Stripe's, GitHub's and Slack's.
use crate::{Dialect, named::named};

/// How a request is signed (spec wire, "Signatures" and "Dialects").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Standard Webhooks 1.0.0, `v1` and `v1a`.
    Standard,
    /// The same as [`Scheme::Standard`]: `CloudEvents` has no signature of its own.
    CloudEvents,
    /// `X-Trove-Signature: t=,v1=`.
    Trove,
    /// The same as [`Scheme::Trove`].
    TroveFiles,
    /// `X-PayGraph-Signature: t=,v1=`, of any age.
    PayGraph,
    /// `X-PacSpace-Signature: v1=` and `X-PacSpace-Timestamp`, seconds or milliseconds.
    PacSpace,
    /// `X-Webhook-Signature`, plain hex over the body.
    Keystore,
    /// `Stripe-Signature: t=,v1=` (Stripe, "Resolve webhook signature verification errors").
    Stripe,
    /// `X-Hub-Signature-256: sha256=` (GitHub, "Validating webhook deliveries").
    GitHub,
    /// `X-Slack-Signature: v0=` and `X-Slack-Request-Timestamp` (Slack, "Verifying requests").
    Slack,
}

/// Why a text is not a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a dialect, stripe, github or slack")]
pub struct SchemeError;

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 10] = [
        Self::Standard,
        Self::CloudEvents,
        Self::Trove,
        Self::TroveFiles,
        Self::PayGraph,
        Self::PacSpace,
        Self::Keystore,
        Self::Stripe,
        Self::GitHub,
        Self::Slack,
    ];

    /// Its name in the API and the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => Dialect::Standard.as_str(),
            Self::CloudEvents => Dialect::CloudEvents.as_str(),
            Self::Trove => Dialect::Trove.as_str(),
            Self::TroveFiles => Dialect::TroveFiles.as_str(),
            Self::PayGraph => Dialect::PayGraph.as_str(),
            Self::PacSpace => Dialect::PacSpace.as_str(),
            Self::Keystore => Dialect::Keystore.as_str(),
            Self::Stripe => "stripe",
            Self::GitHub => "github",
            Self::Slack => "slack",
        }
    }

    /// The header that carries the signature.
    pub const fn signature_header(self) -> &'static str {
        match self {
            Self::Standard | Self::CloudEvents => "webhook-signature",
            Self::Trove | Self::TroveFiles => "x-trove-signature",
            Self::PayGraph => "x-paygraph-signature",
            Self::PacSpace => "x-pacspace-signature",
            Self::Keystore => "x-webhook-signature",
            Self::Stripe => "stripe-signature",
            Self::GitHub => "x-hub-signature-256",
            Self::Slack => "x-slack-signature",
        }
    }

    /// Whether an old signature is refused. `keystore` and GitHub carry no time; the freshness of
    /// a `paygraph` approval is its `expires_at`.
    pub const fn is_timed(self) -> bool {
        !matches!(self, Self::Keystore | Self::GitHub | Self::PayGraph)
    }

    /// Whether the HMAC key is the secret's text rather than the bytes its base64 stands for.
    pub const fn keyed_by_text(self) -> bool {
        !matches!(self, Self::Standard | Self::CloudEvents)
    }
}

impl From<Dialect> for Scheme {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Standard => Self::Standard,
            Dialect::CloudEvents => Self::CloudEvents,
            Dialect::Trove => Self::Trove,
            Dialect::TroveFiles => Self::TroveFiles,
            Dialect::PayGraph => Self::PayGraph,
            Dialect::PacSpace => Self::PacSpace,
            Dialect::Keystore => Self::Keystore,
        }
    }
}

named!(Scheme, SchemeError);
