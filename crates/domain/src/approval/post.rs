//! Posts: what is said of an approval to a system that is no endpoint.
//!
//! A post is a row, so that it is said though the process dies. It is tried as an approval's deliveries are:
//! at once, then after 1 s, 5 s, 30 s, 2 min and 10 min.
use std::time::Duration;

use bellwire_wire::{ApprovalId, Timestamp, WorkspaceId};

use crate::delivery::Preset;

/// To whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressee {
    /// The Slack channel of the configuration.
    Slack,
    /// The PagerDuty service of the configuration.
    PagerDuty,
    /// The asker's own URL.
    Callback,
}

impl Addressee {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Slack, Self::PagerDuty, Self::Callback];

    /// The name in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::PagerDuty => "pagerduty",
            Self::Callback => "callback",
        }
    }
}

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    /// That somebody asks.
    Requested,
    /// How it ended.
    Decided,
}

impl Saying {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Requested, Self::Decided];

    /// The name in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Decided => "decided",
        }
    }
}

/// How a post stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostState {
    /// It is due at this time.
    Open(Timestamp),
    /// It was said; what the addressee calls it.
    Done(Option<String>),
    /// It was given up.
    Failed,
    /// It is not needed any more.
    Closed,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its place among all posts.
    pub seq: i64,
    /// Whose.
    pub workspace_id: WorkspaceId,
    /// Of which approval.
    pub approval_id: ApprovalId,
    /// To whom.
    pub to: Addressee,
    /// What.
    pub saying: Saying,
    /// How often it was tried.
    pub attempts: u32,
    /// How it stands.
    pub state: PostState,
    /// What the addressee calls what was said before, to be changed.
    pub before: Option<String>,
}

impl Post {
    /// How long is waited if one more attempt fails; nothing if it is the last.
    pub fn retry_after(&self) -> Option<Duration> {
        let step = usize::try_from(self.attempts).ok()?;
        Preset::Paygraph.schedule().get(step).map(|seconds| Duration::from_secs((*seconds).into()))
    }

    /// How it stands after one more attempt that failed at `now`. An error that no time mends is not tried
    /// again.
    pub fn after_failure(&self, now: Timestamp, lasting: bool) -> PostState {
        match self.retry_after() {
            Some(pause) if !lasting => PostState::Open(now.after(pause)),
            _ => PostState::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_tried_six_times_and_not_again_if_no_time_mends_it() {
        let now = Timestamp::from_seconds(1_795_298_462);
        let post = |attempts| Post {
            seq: 1,
            workspace_id: WorkspaceId::from_stored("ws-00000000000000000000000001"),
            approval_id: ApprovalId::from_stored("apr_00000000000000000000000001"),
            to: Addressee::Slack,
            saying: Saying::Requested,
            attempts,
            state: PostState::Open(now),
            before: None,
        };
        for (attempts, seconds) in (0..).zip([1, 5, 30, 120, 600]) {
            let due = now.after(Duration::from_secs(seconds));
            assert_eq!(post(attempts).after_failure(now, false), PostState::Open(due));
            assert_eq!(post(attempts).after_failure(now, true), PostState::Failed);
        }
        assert_eq!(post(5).after_failure(now, false), PostState::Failed);
        assert_eq!(post(u32::MAX).after_failure(now, false), PostState::Failed);
    }
}
