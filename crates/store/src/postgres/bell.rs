//! Hears what other nodes committed. Only shortens waits: whoever needs to know also looks by itself,
//! and while nothing can be heard, nothing is cached.
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bellwire_domain::{Effect, Topics, delivery::EndpointRef};
use bellwire_wire::{EndpointId, WorkspaceId};
use postgres::{Client, fallible_iterator::FallibleIterator};

use super::shared::Shared;

/// How often it is looked whether to stop.
const TICK: Duration = Duration::from_millis(500);

pub(super) fn run(shared: &Arc<Shared>) {
    while !shared.closing.load(Ordering::Acquire) {
        let listening = shared.address.connect().and_then(|mut client| {
            client.batch_execute("LISTEN bellwire")?;
            Ok(client)
        });
        match listening {
            Ok(mut client) => {
                // Something may have been said while nobody listened.
                shared.epoch.fetch_add(1, Ordering::AcqRel);
                shared.hears.store(true, Ordering::Release);
                shared.observer.committed(vec![Effect::Missed]);
                listen(shared, &mut client);
                shared.hears.store(false, Ordering::Release);
            }
            Err(error) => {
                tracing::debug!(error = super::words(&error), "other nodes cannot be heard yet");
                pause();
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own that waits for a database to come back")]
fn pause() {
    std::thread::sleep(TICK);
}

/// Listens until the connection breaks.
fn listen(shared: &Shared, client: &mut Client) {
    while !shared.closing.load(Ordering::Acquire) {
        let (mut effects, mut quiet) = (Vec::new(), false);
        {
            let mut notifications = client.notifications();
            let mut heard = notifications.timeout_iter(TICK);
            match heard.next() {
                Ok(Some(notice)) => effects.extend(read(shared, notice.payload())),
                Ok(None) => quiet = true,
                Err(_) => return,
            }
        }
        // A tick without a word: ask, so that a connection that is gone is noticed.
        if quiet && client.batch_execute("").is_err() {
            return;
        }
        if !effects.is_empty() {
            shared.observer.committed(effects);
        }
    }
}

/// What a notice says, unless it is this node's own.
fn read(shared: &Shared, notice: &str) -> Vec<Effect> {
    let mut lines = notice.lines();
    if lines.next().is_none_or(|node| node == shared.node.to_string()) {
        return Vec::new();
    }
    let mut effects = Vec::new();
    for line in lines {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("cache"), ..) => drop(shared.epoch.fetch_add(1, Ordering::AcqRel)),
            (Some("endpoint"), Some(workspace), Some(endpoint)) => {
                effects.push(Effect::EndpointChanged(EndpointRef {
                    workspace_id: WorkspaceId::from_stored(workspace),
                    endpoint_id: EndpointId::from_stored(endpoint),
                }));
            }
            (Some("keys"), Some(workspace), _) => {
                effects.push(Effect::KeysChanged(WorkspaceId::from_stored(workspace)));
            }
            (Some("events"), Some(workspace), _) => effects.push(Effect::Appended(WorkspaceId::from_stored(workspace))),
            (Some("touched"), Some(workspace), Some(bits)) => {
                let topics = Topics::from_bits(bits.parse().unwrap_or(u16::MAX));
                effects.push(Effect::TouchedElsewhere(WorkspaceId::from_stored(workspace), topics));
            }
            // A word of a later version.
            _ => {}
        }
    }
    effects
}
