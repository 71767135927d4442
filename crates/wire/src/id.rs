//! Identifiers: a prefix that names the kind and a ULID (spec wire, "Terms").
//!
//! Ids are shared, immutable strings: cloning one is a reference count. Minting needs a clock and
//! dice, so it happens elsewhere; here an id is made from a [`ulid::Ulid`] or parsed from text.
use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text does not start with the prefix of its kind.
    #[error("must start with `{0}`")]
    Prefix(&'static str),
    /// What follows the prefix is not 26 characters of Crockford base32.
    #[error("must be `{0}` and 26 characters of Crockford base32")]
    Body(&'static str),
    /// A caller's event id with other characters or of another length.
    #[error("must be 1 to 64 characters of A-Z a-z 0-9 _ -")]
    Caller,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The id with this ULID.
            pub fn from_ulid(ulid: ulid::Ulid) -> Self {
                let mut text = [0_u8; ulid::ULID_LEN];
                let body = ulid.array_to_str(&mut text);
                Self([$prefix, body].concat().into())
            }

            /// An id that is known to be well formed: it was read back from where it was stored.
            pub fn from_stored(text: &str) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        id!($(#[$doc])* $name, $prefix);

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let body = text.strip_prefix($prefix).ok_or(IdError::Prefix($prefix))?;
                ulid::Ulid::from_string(body).map_err(|_| IdError::Body($prefix))?;
                Ok(Self(text.into()))
            }
        }
    };
}

ulid_id!(
    /// A tenant of the deployment.
    WorkspaceId, "ws-"
);
ulid_id!(
    /// A subscription of a URL (or of a pulling agent) to event types.
    EndpointId, "whk_"
);
ulid_id!(
    /// One event on its way to one endpoint.
    DeliveryId, "dlv_"
);
ulid_id!(
    /// One HTTP request of a delivery.
    AttemptId, "att_"
);
ulid_id!(
    /// An API key (never the secret itself).
    KeyId, "key_"
);
ulid_id!(
    /// A long piece of work with progress, such as a replay.
    JobId, "job_"
);
ulid_id!(
    /// A wallet: a budget to spend from.
    WalletId, "wal_"
);
ulid_id!(
    /// A purchase, whether final or only held; events call it `transaction_id`.
    PurchaseId, "pur_"
);
ulid_id!(
    /// An amount set aside for a purchase.
    HoldId, "hld_"
);
ulid_id!(
    /// Some or all of a purchase, given back.
    RefundId, "rfd_"
);
ulid_id!(
    /// A question to a person: may this be done?
    ApprovalId, "apr_"
);
ulid_id!(
    /// A list of rules about what may be done.
    PolicyId, "pol_"
);
ulid_id!(
    /// One request to the API, carried through to the attempts it causes.
    RequestId, "req_"
);
id!(
    /// One thing that happened. Ours are `evt_` and a ULID; a caller may bring its own,
    /// `[A-Za-z0-9_-]{1,64}` (no dot: the signed content is joined by dots).
    EventId, "evt_"
);

impl FromStr for EventId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let legal = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::Caller)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_round_trips_and_keeps_its_prefix() {
        let id = EndpointId::from_ulid(ulid::Ulid::from(7_u128));
        assert_eq!(id.as_str(), "whk_00000000000000000000000007");
        assert_eq!(id.as_str().parse::<EndpointId>(), Ok(id));
    }

    #[test]
    fn a_foreign_prefix_a_short_body_and_a_dot_are_refused() {
        assert!(matches!("dlv_00000000000000000000000007".parse::<EndpointId>(), Err(IdError::Prefix("whk_"))));
        assert!(matches!("whk_7".parse::<EndpointId>(), Err(IdError::Body("whk_"))));
        assert_eq!("a.b".parse::<EventId>(), Err(IdError::Caller));
        assert_eq!("".parse::<EventId>(), Err(IdError::Caller));
        assert!("order-17_a".parse::<EventId>().is_ok());
    }
}
