//! An event on its way in, and as stored.
use std::{fmt, sync::Arc};

use bellwire_wire::{Event, EventId, EventType, Namespace, Timestamp, WorkspaceId};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::DataSchema;

/// An event to be appended.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The caller's own id, if it brought one: repeating it is harmless.
    pub id: Option<EventId>,
    /// What kind of thing.
    pub kind: EventType,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Which customer's.
    pub namespace: Option<Namespace>,
    /// When it happened; now if absent.
    pub timestamp: Option<Timestamp>,
    /// Who reported it, for a built-in type that a key posted.
    pub source: Option<Arc<str>>,
    /// The data: a JSON object.
    pub data: Box<RawValue>,
}

impl NewEvent {
    /// An event of our own; `data` becomes a JSON object.
    pub fn built_in(workspace: &WorkspaceId, kind: &str, namespace: Option<&Namespace>, data: &impl Serialize) -> Self {
        Self {
            id: None,
            kind: EventType::from_stored(kind),
            workspace_id: workspace.clone(),
            namespace: namespace.cloned(),
            timestamp: None,
            source: None,
            data: to_raw_value(data).expect("what we tell of is JSON"),
        }
    }
}

/// An event as stored.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// Rises in commit order.
    pub seq: i64,
    /// The event.
    pub event: Arc<Event>,
    /// How many deliveries it had when it was accepted.
    pub deliveries: u32,
}

/// Which events are asked for.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only these types (`family.*` and `*` are not patterns here: exact names).
    pub types: Vec<String>,
    /// Only these families: `purchase` for `purchase.*`.
    pub families: Vec<String>,
    /// Only this namespace's.
    pub namespace: Option<Namespace>,
    /// Only accepted after this.
    pub since: Option<Timestamp>,
    /// Only accepted at or before this.
    pub until: Option<Timestamp>,
    /// Only those whose id, type or data holds this text, in lower case.
    pub text: Option<String>,
}

impl EventFilter {
    /// Whether a type passes.
    pub fn takes(&self, kind: &str) -> bool {
        let family = kind.split('.').next().unwrap_or(kind);
        self.takes_all()
            || self.types.iter().any(|wanted| wanted == kind)
            || self.families.iter().any(|wanted| wanted == family)
    }

    /// Whether every type passes.
    pub fn takes_all(&self) -> bool {
        self.types.is_empty() && self.families.is_empty()
    }

    /// Whether an event holds the text that is looked for, in whatever case it is written.
    pub fn reads(&self, event: &Event) -> bool {
        let holds = |wanted: &String| {
            [event.id.as_str(), event.kind.as_str(), event.data.get()]
                .iter()
                .any(|text| text.to_lowercase().contains(wanted))
        };
        self.text.as_ref().is_none_or(holds)
    }
}

/// A type of the workspace's own.
#[derive(Clone)]
pub struct CustomType {
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Its name.
    pub name: EventType,
    /// What it is, for people.
    pub description: Option<String>,
    /// What its data must look like.
    pub schema: Option<Arc<DataSchema>>,
    /// Counts the changes, from 1.
    pub version: u32,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl fmt::Debug for CustomType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomType").field("name", &self.name).field("version", &self.version).finish_non_exhaustive()
    }
}
