//! What an answer is bound to (spec approvals, "Bound to exactly what was asked").
use std::{fmt, str::FromStr};

use bellwire_wire::WorkspaceId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// SHA-256 of the RFC 8785 form of `{workspace, agent, action, parameters}`; as text, lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

#[derive(Serialize)]
struct Content<'a> {
    workspace: &'a WorkspaceId,
    agent: Option<&'a str>,
    action: &'a str,
    parameters: &'a Map<String, Value>,
}

impl Digest {
    /// Of an action. Nothing that people reword, such as a title, is part of it.
    pub fn of(workspace: &WorkspaceId, agent: Option<&str>, action: &str, parameters: &Map<String, Value>) -> Self {
        let content = Content { workspace, agent, action, parameters };
        let text = serde_json_canonicalizer::to_vec(&content).expect("names are texts and numbers are finite");
        Self(Sha256::digest(text).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        let lower = !text.bytes().any(|c| c.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) if lower => Ok(Self(bytes)),
            _ => Err("must be 64 lower-case hex digits"),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
