//! What tests of the engine share.
use std::collections::BTreeMap;

use bellwire_domain::{
    Effect,
    delivery::{Endpoint, EndpointConfig, EndpointKind, EventPattern, Preset, Signing, Slot},
};
use bellwire_server::engine::Engine;
use bellwire_store::Observer;
use bellwire_wire::{Dialect, Timestamp};

/// The time at which every test begins.
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The store's observer: the engine of the process that lives.
pub(crate) struct Commits(pub(crate) Engine);

impl Observer for Commits {
    fn reserve(&self, endpoint: &Endpoint, bytes: usize) -> Option<Slot> {
        self.0.reserve(endpoint, bytes)
    }

    fn committed(&self, effects: Vec<Effect>) {
        self.0.committed(effects);
    }
}

/// An endpoint that takes everything, changed as wanted.
pub(crate) fn endpoint(name: &str, change: impl FnOnce(&mut EndpointConfig)) -> EndpointConfig {
    let mut config = EndpointConfig {
        kind: EndpointKind::Push,
        url: Some(format!("https://example.com/{name}")),
        events: vec![EventPattern::All],
        namespace: None,
        filter: None,
        dialect: Dialect::Standard,
        signing: Signing::Hmac,
        retry: Preset::Default.into(),
        timeout_ms: 2_500,
        rate_limit: None,
        max_in_flight: 4,
        ordered: false,
        headers: BTreeMap::new(),
        description: None,
        metadata: serde_json::Map::new(),
    };
    change(&mut config);
    config
}
