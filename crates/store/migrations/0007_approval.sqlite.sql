-- Questions to people, and what became of them.
CREATE TABLE approvals (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workspace_id TEXT NOT NULL,
    namespace TEXT,
    agent_id TEXT,
    -- What of the asker's own it is about, such as a purchase.
    subject TEXT,
    -- 0 pending, 1 approved, 2 denied, 3 expired, 4 undeliverable, 5 cancelled
    status INTEGER NOT NULL,
    digest TEXT NOT NULL,
    quorum INTEGER NOT NULL CHECK (quorum >= 1),
    -- Whether the console is one of its channels: then somebody can always be asked.
    console INTEGER NOT NULL,
    question TEXT NOT NULL,
    approvers TEXT NOT NULL,
    channels TEXT NOT NULL,
    event_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- How it ended.
    outcome TEXT,
    request_body TEXT NOT NULL,
    CHECK ((status = 0) = (outcome IS NULL))
) STRICT;
CREATE INDEX approvals_workspace ON approvals (workspace_id);
CREATE INDEX approvals_subject ON approvals (subject) WHERE subject IS NOT NULL;
CREATE INDEX approvals_pending ON approvals (expires_at) WHERE status = 0;

-- Who agreed, while more are needed: nobody twice.
CREATE TABLE approval_votes (
    approval_id TEXT NOT NULL,
    approver TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    amount INTEGER,
    parameters TEXT,
    PRIMARY KEY (approval_id, approver)
) STRICT, WITHOUT ROWID;

-- What is said of approvals to systems that are no endpoints.
CREATE TABLE approval_posts (
    seq INTEGER PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    approval_id TEXT NOT NULL,
    -- 0 Slack, 1 PagerDuty, 2 the asker's own URL
    addressee INTEGER NOT NULL,
    -- 0 that somebody asks, 1 how it ended
    saying INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    -- 0 open, 1 said, 2 given up, 3 not needed
    state INTEGER NOT NULL,
    -- While open: when it may be tried. While taken: when that ends.
    due_at INTEGER,
    -- What the addressee calls it, and what was said before.
    reference TEXT,
    before TEXT
) STRICT;
CREATE INDEX approval_posts_approval ON approval_posts (approval_id);
CREATE INDEX approval_posts_due ON approval_posts (due_at) WHERE state = 0;
