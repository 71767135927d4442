//! The event and its native envelope (spec wire, "Native envelope").
use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use crate::{EventId, Timestamp, WorkspaceId};

/// A customer inside a workspace: `[a-z0-9][a-z0-9._-]{0,62}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(Arc<str>);

/// Why a text is not a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 characters of a-z 0-9 . _ - and start with a letter or digit")]
pub struct NamespaceError;

/// The name of a kind of event: `family.name`, lower case, at most 128 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventType(Arc<str>);

/// Why a text is not an event type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be lower-case words of a-z 0-9 _ joined by dots, such as invoice.paid, at most 128 characters")]
pub struct EventTypeError;

impl EventType {
    /// The word before the first dot: `purchase` of `purchase.succeeded`.
    pub fn family(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }
}

impl FromStr for EventType {
    type Err = EventTypeError;

    fn from_str(text: &str) -> Result<Self, EventTypeError> {
        let word = |word: &str| {
            word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_') && !word.is_empty()
        };
        let starts = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if starts && text.len() <= 128 && text.contains('.') && text.split('.').all(word) {
            Ok(Self(text.into()))
        } else {
            Err(EventTypeError)
        }
    }
}

impl FromStr for Namespace {
    type Err = NamespaceError;

    fn from_str(text: &str) -> Result<Self, NamespaceError> {
        let first = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let legal = |c: u8| first(c) || matches!(c, b'.' | b'_' | b'-');
        match text.as_bytes() {
            [head, tail @ ..] if first(*head) && tail.len() <= 62 && tail.iter().all(|c| legal(*c)) => {
                Ok(Self(text.into()))
            }
            _ => Err(NamespaceError),
        }
    }
}

macro_rules! name {
    ($name:ident) => {
        impl $name {
            /// A name that is known to be well formed: it was read back from where it was stored.
            pub fn from_stored(text: &str) -> Self {
                Self(text.into())
            }

            /// The name as text.
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

name!(Namespace);
name!(EventType);

/// One thing that happened; immutable. Serialised, it is the native envelope.
///
/// `data` is the JSON text exactly as accepted: numbers keep every digit, keys their order.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Unique in its workspace, the same on every delivery and retry.
    pub id: EventId,
    /// What kind of thing.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When it happened.
    pub timestamp: Timestamp,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's; `None` for workspace-wide events.
    pub namespace: Option<Namespace>,
    /// `reported:<key_id>` when a key posted a built-in type; otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// The type's own fields: a JSON object.
    pub data: Box<RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_and_types_are_checked() {
        for good in ["a", "customer-acme", "0.x_y"] {
            assert!(good.parse::<Namespace>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a b", &"a".repeat(64)] {
            assert!(bad.parse::<Namespace>().is_err(), "{bad}");
        }
        for good in ["invoice.paid", "a.b.c_9"] {
            assert!(good.parse::<EventType>().is_ok(), "{good}");
        }
        for bad in ["", "invoice", "invoice.", ".paid", "Invoice.paid", "a..b", "9.a", "a-b.c"] {
            assert!(bad.parse::<EventType>().is_err(), "{bad}");
        }
    }
}
