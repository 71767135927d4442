//! Wakes streams and polls when a workspace has new events. Only shortens a wait: whoever waits also
//! looks by itself now and then.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bellwire_wire::WorkspaceId;
use tokio::sync::watch;

/// One bell per workspace that somebody listens to.
#[derive(Default)]
pub struct Hub {
    bells: Mutex<HashMap<WorkspaceId, watch::Sender<()>>>,
}

impl Hub {
    /// Rings for a workspace.
    pub fn ring(&self, workspace: &WorkspaceId) {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(workspace)
            && bell.send(()).is_err()
        {
            bells.remove(workspace);
        }
    }

    /// Rings for every workspace.
    pub fn ring_all(&self) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, bell| bell.send(()).is_ok());
    }

    /// Listens for a workspace. Listen first, look second, wait third: nothing is missed.
    pub fn listen(&self, workspace: &WorkspaceId) -> watch::Receiver<()> {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(workspace.clone()).or_insert_with(|| watch::Sender::new(())).subscribe()
    }
}
