//! Threads that read: a connection each, every query on one snapshot.
use std::sync::Arc;

use bellwire_domain::{StoreError, Stored};

use super::{
    link::Failed,
    shared::{Queue, Shared},
};
use crate::{Tx, job::Job, tx::Cache};

pub(super) struct Reader {
    pub(super) shared: Arc<Shared>,
    pub(super) tx: Tx,
    pub(super) queue: Queue,
}

impl Reader {
    pub(super) fn run(mut self) {
        while let Some(jobs) = self.queue.take(1) {
            for mut job in jobs {
                // A connection that broke while nobody used it is found out by using it.
                let mut answer = self.read(&mut *job);
                if matches!(answer, Err(StoreError::Unavailable(_))) {
                    answer = self.read(&mut *job);
                }
                job.answer(answer);
            }
        }
    }

    fn read(&mut self, job: &mut dyn Job) -> Stored<()> {
        let link = self.tx.postgres().expect("a reader of this engine");
        if let Err(error) = link.connect() {
            self.shared.answers(false);
            return Err(StoreError::Unavailable(super::words(&error)));
        }
        link.begin_reading()?;
        job.run(&mut self.tx);
        // Caches would go stale: every query starts with none.
        self.tx.cache = Cache::default();
        self.tx.effects.clear();
        let link = self.tx.postgres().expect("a reader of this engine");
        let wrote = link.again().is_some() || link.flush(crate::rows::BULKS).is_err();
        let failed = link.failed();
        link.rollback();
        // A plan that a migration made useless is gone now, as is a connection.
        if matches!(failed, Some(Failed::Lost | Failed::Conflict)) {
            return Err(StoreError::Unavailable("the database could not be read".into()));
        }
        if wrote { Err(StoreError::Broken("a query cannot write".into())) } else { Ok(()) }
    }
}
