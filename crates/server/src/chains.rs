//! How far audit logs were found whole. Checking is done entry by entry from the first; what was checked a moment ago is
//! not checked again, so that a page may ask often.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bellwire_domain::{
    Stored,
    workspace::audit::{AuditFilter, Chain, Hash, Rows, genesis},
};
use bellwire_store::Store;
use bellwire_wire::{Timestamp, WorkspaceId};

/// What was checked is believed for so long; then everything is checked anew.
const BELIEVED: Duration = Duration::from_mins(10);
/// Entries that are read at once. Keeps I12.
const CHUNK: u32 = 500;
/// Workspaces that are remembered. Keeps I12.
const REMEMBERED_MAX: usize = 1_000;

/// What was found of one log.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Entries that are good, from the first on.
    pub entries: i64,
    /// The hash of the last one of them.
    pub head: Hash,
    /// The first entry that is not the next one of its chain, and why.
    pub fault: Option<(i64, String)>,
    /// When that was found.
    pub checked_at: Timestamp,
}

#[derive(Default)]
struct Checked {
    chain: Chain,
    since: Option<Timestamp>,
    fault: Option<(i64, String)>,
}

/// What was checked of every log.
#[derive(Default)]
pub struct Chains {
    known: Mutex<HashMap<WorkspaceId, Arc<tokio::sync::Mutex<Checked>>>>,
}

impl Chains {
    /// Checks the log of a workspace. Two who ask at once wait for one check.
    pub async fn check(&self, store: &Store, workspace: &WorkspaceId, now: Timestamp) -> Stored<Verdict> {
        let checked = self.of(workspace);
        let mut checked = checked.lock().await;
        if checked.fault.is_some() || checked.since.is_none_or(|since| now.since(since) > BELIEVED) {
            *checked = Checked { since: Some(now), ..Checked::default() };
        }
        while checked.fault.is_none() {
            let after = checked.chain.head().map_or(0, |head| head.seq);
            let of = workspace.clone();
            let read = store.read("audit_check", move |tx| {
                let of = of.clone();
                Box::pin(async move { tx.audit_between(&of, &AuditFilter::default(), after, i64::MAX, CHUNK).await })
            });
            let entries = read.await?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                if let Err(broken) = checked.chain.push(entry) {
                    checked.fault = Some((entry.seq, broken.to_string()));
                    break;
                }
            }
        }
        let head = checked.chain.head();
        Ok(Verdict {
            entries: head.map_or(0, |head| head.seq),
            head: head.map_or_else(|| genesis(workspace), |head| head.hash),
            fault: checked.fault.clone(),
            checked_at: now,
        })
    }

    fn of(&self, workspace: &WorkspaceId) -> Arc<tokio::sync::Mutex<Checked>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX && !known.contains_key(workspace) {
            known.clear();
        }
        Arc::clone(known.entry(workspace.clone()).or_default())
    }
}
