//! Fields that may be absent, null or there, which are three things to say.
use serde::{Deserialize, Deserializer, Serialize};

/// A field of a change: absent, null, or a value.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(untagged)]
pub(super) enum Change<T> {
    #[default]
    Absent,
    Null,
    To(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Null, Self::To))
    }
}

impl<T> Change<T> {
    /// Whether nothing is said.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Changes a field that may be empty.
    pub(super) fn set(self, field: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *field = None,
            Self::To(value) => *field = Some(value),
        }
    }

    /// The value, if there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::To(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    pub(super) fn try_map<U>(self, map: impl FnOnce(T) -> Option<U>) -> Change<U> {
        match self {
            Self::Absent => Change::Absent,
            Self::Null => Change::Null,
            Self::To(value) => map(value).map_or(Change::Absent, Change::To),
        }
    }
}
