//! Wakes streams and polls when a workspace has new events, and tells what else of it changed. Only shortens a wait:
//! whoever waits for events also looks by itself now and then.
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bellwire_domain::{Topic, Topics};
use bellwire_wire::WorkspaceId;
use tokio::sync::watch;

/// Who may watch one workspace at once. Keeps I12.
const WATCHERS_MAX: usize = 1_000;
/// Workspaces that changed since other nodes were told, at most. Keeps I12.
const UNTOLD_MAX: usize = 1_000;

/// How often each kind of thing changed, in the order of [`Topic::ALL`].
pub type Counts = [u64; Topic::ALL.len()];

/// One bell and one board per workspace that somebody listens to.
#[derive(Default)]
pub struct Hub {
    bells: Mutex<HashMap<WorkspaceId, watch::Sender<()>>>,
    boards: Mutex<HashMap<WorkspaceId, watch::Sender<Counts>>>,
    untold: Mutex<HashMap<WorkspaceId, Topics>>,
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

    /// Rings for every workspace, and tells that everything may have changed.
    pub fn ring_all(&self) {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, bell| bell.send(()).is_ok());
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        boards.retain(|_, board| count(board, Topics::all()));
    }

    /// Listens for a workspace. Listen first, look second, wait third: nothing is missed.
    pub fn listen(&self, workspace: &WorkspaceId) -> watch::Receiver<()> {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(workspace.clone()).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Tells who watches a workspace that things of these kinds changed.
    pub fn touched(&self, workspace: &WorkspaceId, topics: Topics) {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(board) = boards.get(workspace)
            && !count(board, topics)
        {
            boards.remove(workspace);
        }
    }

    /// Watches what changes of a workspace; nothing if too many do.
    pub fn watch(&self, workspace: &WorkspaceId) -> Option<watch::Receiver<Counts>> {
        let mut boards = self.boards.lock().unwrap_or_else(PoisonError::into_inner);
        let board = boards.entry(workspace.clone()).or_insert_with(|| watch::Sender::new(Counts::default()));
        (board.receiver_count() < WATCHERS_MAX).then(|| board.subscribe())
    }

    /// Notes what other nodes are to be told.
    pub fn note(&self, workspace: &WorkspaceId, topics: Topics) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = untold.get_mut(workspace) {
            known.add(topics);
        } else if untold.len() < UNTOLD_MAX {
            untold.insert(workspace.clone(), topics);
        }
    }

    /// What other nodes were not told yet. Of more workspaces than are noted, some wait for their next change.
    pub fn take_untold(&self) -> Vec<(WorkspaceId, Topics)> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}

/// Counts a change; whether anybody watches.
fn count(board: &watch::Sender<Counts>, topics: Topics) -> bool {
    if board.receiver_count() == 0 {
        return false;
    }
    board.send_modify(|counts| {
        for (count, topic) in counts.iter_mut().zip(Topic::ALL) {
            *count += u64::from(topics.has(topic));
        }
    });
    true
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn who_watches_a_workspace_hears_of_it_alone_and_nobody_is_remembered_who_left() {
        let (hub, one) = (Hub::default(), WorkspaceId::from_ulid(Ulid::nil()));
        let other = WorkspaceId::from_ulid(Ulid::from_parts(1, 1));
        let mut board = hub.watch(&one).expect("there is room");
        hub.touched(&other, Topics::all());
        assert!(!board.has_changed().expect("it lives"));
        hub.touched(&one, Topic::Keys.into());
        hub.touched(&one, Topic::Keys.into());
        let mut wanted = Counts::default();
        wanted[5] = 2;
        assert_eq!(*board.borrow_and_update(), wanted);
        drop(board);
        hub.touched(&one, Topics::all());
        assert!(hub.boards.lock().expect("not poisoned").is_empty());
    }

    #[test]
    fn what_is_untold_is_told_once_and_bounded() {
        let hub = Hub::default();
        for nth in 0..2_000 {
            let workspace = WorkspaceId::from_ulid(Ulid::from_parts(nth, 1));
            hub.note(&workspace, Topic::Jobs.into());
            hub.note(&workspace, Topic::Audit.into());
        }
        let untold = hub.take_untold();
        assert_eq!(untold.len(), UNTOLD_MAX);
        assert!(untold.iter().all(|(_, topics)| topics.iter().count() == 2));
        assert!(hub.take_untold().is_empty());
    }
}
