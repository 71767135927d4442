//! Checking a chain that came from elsewhere: line by line, without a store.
use std::fmt;

use bellwire_wire::WorkspaceId;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{AuditEntry, Hash, Head, chain, genesis};

/// How far a chain has been checked.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// Whose, once there was an entry.
    workspace: Option<WorkspaceId>,
    head: Option<Head>,
    /// Entries between those shown may be missing.
    selection: bool,
}

/// Why an entry is not the next one of its chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is not an entry as it was written.
    #[error("it is not an audit entry as it was written: {0}")]
    Form(String),
    /// It is of another workspace than those before it.
    #[error("it is of the workspace {0}, and those before it are of another")]
    Workspace(WorkspaceId),
    /// It is not the next one.
    #[error("its number is {found} where {wanted} must be")]
    Number {
        /// The one it has.
        found: i64,
        /// The one after the entry before.
        wanted: i64,
    },
    /// It is tied to something else.
    #[error("its prev_hash is not the hash of the entry before it")]
    Before,
    /// It does not hash to what it says.
    #[error("it was changed: what it says does not have its hash")]
    Changed,
}

impl Chain {
    /// A whole chain: it begins with entry 1 and misses nothing.
    pub fn whole() -> Self {
        Self::default()
    }

    /// Some entries of a chain, in order: each is checked, and the tie between two that are neighbours.
    pub fn selection() -> Self {
        Self { selection: true, ..Self::default() }
    }

    /// Where it ends, if there was an entry.
    pub fn head(&self) -> Option<Head> {
        self.head
    }

    /// Checks the next entry, as one line of JSON.
    pub fn push_line(&mut self, line: &str) -> Result<AuditEntry, Broken> {
        let entry = read(line).map_err(|error| Broken::Form(error.to_string()))?;
        self.push(&entry)?;
        Ok(entry)
    }

    /// Checks the next entry.
    pub fn push(&mut self, entry: &AuditEntry) -> Result<(), Broken> {
        if self.workspace.as_ref().is_some_and(|workspace| *workspace != entry.workspace_id) {
            return Err(Broken::Workspace(entry.workspace_id.clone()));
        }
        let before = self.head.unwrap_or_else(|| Head { seq: 0, hash: genesis(&entry.workspace_id) });
        let wanted = before.seq.saturating_add(1);
        if entry.seq < wanted || (entry.seq > wanted && !self.selection) {
            return Err(Broken::Number { found: entry.seq, wanted });
        }
        if entry.seq == wanted && entry.prev_hash != before.hash {
            return Err(Broken::Before);
        }
        let hash: Hash = entry.expected_hash();
        if entry.hash != hash {
            return Err(Broken::Changed);
        }
        self.workspace = Some(entry.workspace_id.clone());
        self.head = Some(Head { seq: entry.seq, hash });
        Ok(())
    }
}

/// Reads an entry that says nothing in two ways: names once, numbers whole, everything spelled as it
/// was written. What is hashed is then what any reader of the line reads.
fn read(line: &str) -> Result<AuditEntry, serde_json::Error> {
    let Strict(value) = serde_json::from_str(line)?;
    let entry = AuditEntry::deserialize(&value)?;
    let same = serde_json::to_value(&entry).is_ok_and(|again| again == value);
    if same { Ok(entry) } else { Err(de::Error::custom("a field is not spelled as it was written")) }
}

/// JSON in which no object has a name twice and every number is a safe integer.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        if chain::is_safe(&value.into()) { Ok(value.into()) } else { Err(E::custom("a number is too large")) }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map_err(|_| E::custom("a number is too large")).and_then(|value| self.visit_i64(value))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Err(E::custom("a number is not whole"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if all.contains_key(&name) {
                return Err(de::Error::custom(format!("`{name}` is there twice")));
            }
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}
