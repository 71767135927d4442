//! Which endpoints an event matches. Built once per change of a workspace's endpoints; looked up for
//! every event.
use std::{collections::HashMap, sync::Arc};

use bellwire_wire::{Event, EventType, Namespace};

use super::{Endpoint, EventPattern, filter::EventView};

/// The endpoints of a workspace that collect, by namespace and type.
#[derive(Debug, Default)]
pub struct Subscriptions {
    /// Those for every namespace.
    everywhere: ByType,
    within: HashMap<Namespace, ByType>,
}

#[derive(Debug, Default)]
struct ByType {
    all: Vec<Arc<Endpoint>>,
    families: HashMap<String, Vec<Arc<Endpoint>>>,
    exact: HashMap<EventType, Vec<Arc<Endpoint>>>,
}

impl Subscriptions {
    /// The subscriptions of these endpoints of one workspace.
    pub fn new(endpoints: impl IntoIterator<Item = Arc<Endpoint>>) -> Self {
        let mut subscriptions = Self::default();
        for endpoint in endpoints.into_iter().filter(|endpoint| endpoint.collects()) {
            match &endpoint.config.namespace {
                None => subscriptions.everywhere.insert(&endpoint),
                Some(namespace) => subscriptions.within.entry(namespace.clone()).or_default().insert(&endpoint),
            }
        }
        subscriptions
    }

    /// The endpoints that want this event.
    pub fn matching(&self, event: &Event) -> Vec<Arc<Endpoint>> {
        let mut found = Vec::new();
        self.everywhere.collect(&event.kind, &mut found);
        if let Some(within) = event.namespace.as_ref().and_then(|namespace| self.within.get(namespace)) {
            within.collect(&event.kind, &mut found);
        }
        if found.iter().any(|endpoint| endpoint.config.filter.is_some()) {
            let view = EventView::new(event);
            found.retain(|endpoint| endpoint.config.filter.as_ref().is_none_or(|filter| filter.takes(&view)));
        }
        found
    }
}

impl ByType {
    fn insert(&mut self, endpoint: &Arc<Endpoint>) {
        let events = &endpoint.config.events;
        // `*` beside others is `*`; a family beside one of its own types is the family: an event
        // must be found once.
        if events.contains(&EventPattern::All) {
            self.all.push(Arc::clone(endpoint));
            return;
        }
        let mut families: Vec<&str> = events
            .iter()
            .filter_map(|pattern| match pattern {
                EventPattern::Family(family) => Some(family.as_str()),
                _ => None,
            })
            .collect();
        families.sort_unstable();
        families.dedup();
        let mut kinds: Vec<&EventType> = events
            .iter()
            .filter_map(|pattern| match pattern {
                EventPattern::Exact(kind) if !families.contains(&kind.family()) => Some(kind),
                _ => None,
            })
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        for family in families {
            self.families.entry(family.to_owned()).or_default().push(Arc::clone(endpoint));
        }
        for kind in kinds {
            self.exact.entry(kind.clone()).or_default().push(Arc::clone(endpoint));
        }
    }

    fn collect(&self, kind: &EventType, found: &mut Vec<Arc<Endpoint>>) {
        found.extend(self.all.iter().cloned());
        found.extend(self.families.get(kind.family()).into_iter().flatten().cloned());
        found.extend(self.exact.get(kind).into_iter().flatten().cloned());
    }
}
