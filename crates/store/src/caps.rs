//! What a transaction has in hand of what policies count: each sum is read or made once, and written once with
//! the commit. Part of the desk, and dropped with it.
use std::collections::{BTreeSet, HashMap};

use bellwire_domain::{Stored, approval::policy::Target, spend::Cap};
use bellwire_wire::WorkspaceId;

use crate::{
    Tx,
    args::{Arg, args},
};

/// Nano-dollars in a dollar.
const NANOS: i128 = 1_000_000_000;

#[derive(Default)]
pub(crate) struct Caps {
    known: HashMap<Cap, i128>,
    /// Those that are otherwise than their rows say. In order: nodes never wait for each other crosswise.
    changed: BTreeSet<Cap>,
}

impl Caps {
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    pub(crate) fn get(&self, cap: &Cap) -> Option<i128> {
        self.known.get(cap).copied()
    }

    /// Remembers a sum as its row says.
    pub(crate) fn learn(&mut self, cap: &Cap, nanos: i128) {
        self.known.insert(cap.clone(), nanos);
    }

    /// Remembers a sum that is otherwise than its row says.
    pub(crate) fn change(&mut self, cap: &Cap, nanos: i128) {
        self.known.insert(cap.clone(), nanos);
        self.changed.insert(cap.clone());
    }

    /// Forgets what is counted in a workspace, over one thing or over all.
    pub(crate) fn forget(&mut self, workspace: &WorkspaceId, target: Option<&Target>) {
        let stays = |cap: &Cap| cap.workspace_id != *workspace || target.is_some_and(|target| cap.target != *target);
        self.known.retain(|cap, _| stays(cap));
        self.changed.retain(stays);
    }
}

/// The place of a sum: all but its amounts.
pub(crate) fn place(cap: &Cap) -> [Arg<'_>; 7] {
    [
        cap.workspace_id.as_str().into(),
        cap.target.kind().into(),
        cap.target.name().into(),
        cap.target.within().map_or("", bellwire_wire::Namespace::as_str).into(),
        cap.sandbox.into(),
        cap.month.into(),
        cap.start.into(),
    ]
}

impl Tx {
    /// Writes what was counted. Part of [`Tx::put_down`].
    pub(crate) fn put_caps_down(&mut self) -> Stored<()> {
        let caps = &mut self.cache.desk.caps;
        let changed: Vec<(Cap, i128)> = std::mem::take(&mut caps.changed)
            .into_iter()
            .filter_map(|cap| caps.known.get(&cap).copied().map(|nanos| (cap, nanos)))
            .collect();
        for (cap, nanos) in &changed {
            let part = |part: i128| i64::try_from(part).unwrap_or(i64::MAX);
            let [workspace, kind, name, within, sandbox, span, start] = place(cap);
            self.execute(
                "INSERT INTO policy_sums (workspace_id, kind, name, within, sandbox, span, start, dollars, nanos)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (workspace_id, kind, name, within, sandbox, span, start)
                 DO UPDATE SET dollars = excluded.dollars, nanos = excluded.nanos",
                args![workspace, kind, name, within, sandbox, span, start, part(nanos / NANOS), part(nanos % NANOS)],
            )?;
        }
        Ok(())
    }
}
