//! Replay jobs.
use bellwire_domain::{
    Page, PageQuery, StoreError, Stored,
    delivery::{EndpointRef, Job, JobState},
};
use bellwire_wire::{EndpointId, JobId, WorkspaceId};

use crate::{
    Tx,
    args::{Row, args},
};

macro_rules! job_sql {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, workspace_id, endpoint_id, plan, state, cursor, end_at, total, done, created_at, updated_at ",
            "FROM jobs WHERE ",
            $rest
        )
    };
}

fn job(row: &Row<'_>) -> Stored<Job> {
    Ok(Job {
        seq: row.int(0)?,
        id: row.with_text(1, JobId::from_stored)?,
        at: EndpointRef {
            workspace_id: row.with_text(2, WorkspaceId::from_stored)?,
            endpoint_id: row.with_text(3, EndpointId::from_stored)?,
        },
        plan: row.json(4)?,
        state: row.with_text(5, |state| if state == "running" { JobState::Running } else { JobState::Done })?,
        cursor: row.int(6)?,
        end: row.int(7)?,
        total: row.small(8)?,
        done: row.small(9)?,
        created_at: row.time(10)?,
        updated_at: row.time(11)?,
    })
}

impl Tx {
    pub(super) fn put_job(&mut self, job: &Job) -> Stored<()> {
        let plan = serde_json::to_string(&job.plan).map_err(|error| StoreError::Broken(error.to_string()))?;
        let state = match job.state {
            JobState::Running => "running",
            JobState::Done => "done",
        };
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.execute(
            "INSERT INTO jobs (id, workspace_id, endpoint_id, plan, state, cursor, end_at, total, done, created_at,
                 updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, cursor = excluded.cursor, total = excluded.total,
                 done = excluded.done, updated_at = excluded.updated_at",
            args![
                job.id.as_str(),
                job.at.workspace_id.as_str(),
                job.at.endpoint_id.as_str(),
                &plan,
                state,
                job.cursor,
                job.end,
                count(job.total),
                count(job.done),
                job.created_at,
                job.updated_at
            ],
        )
        .map(drop)
    }

    pub(super) fn find_job(&mut self, workspace: &WorkspaceId, id: &JobId) -> Stored<Option<Job>> {
        self.query_one(job_sql!("workspace_id = $1 AND id = $2"), args![workspace.as_str(), id.as_str()], job)
    }

    pub(super) fn page_jobs(&mut self, at: &EndpointRef, page: PageQuery) -> Stored<Page<Job>> {
        let rows = self.query(
            job_sql!("workspace_id = $1 AND endpoint_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"),
            args![at.workspace_id.as_str(), at.endpoint_id.as_str(), page.before.unwrap_or(i64::MAX), page.limit + 1],
            job,
        )?;
        Ok(Page::from_overfetch(rows, page.limit, |job| job.seq))
    }

    pub(super) fn find_open_jobs(&mut self, limit: u32) -> Stored<Vec<Job>> {
        self.query(job_sql!("state = 'running' ORDER BY seq LIMIT $1"), args![limit], job)
    }
}
