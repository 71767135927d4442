-- Questions to people, and what became of them.
CREATE TABLE approvals (
    seq BIGINT PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    workspace_id TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C",
    agent_id TEXT COLLATE "C",
    -- What of the asker's own it is about, such as a purchase.
    subject TEXT COLLATE "C",
    -- 0 pending, 1 approved, 2 denied, 3 expired, 4 undeliverable, 5 cancelled
    status BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    quorum BIGINT NOT NULL CHECK (quorum >= 1),
    -- Whether the console is one of its channels: then somebody can always be asked.
    console BIGINT NOT NULL,
    question TEXT COLLATE "C" NOT NULL,
    approvers TEXT COLLATE "C" NOT NULL,
    channels TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- How it ended.
    outcome TEXT COLLATE "C",
    request_body TEXT COLLATE "C" NOT NULL,
    CHECK ((status = 0) = (outcome IS NULL))
);
CREATE INDEX approvals_workspace ON approvals (workspace_id, seq);
CREATE INDEX approvals_subject ON approvals (subject) WHERE subject IS NOT NULL;
CREATE INDEX approvals_pending ON approvals (expires_at) WHERE status = 0;

-- Who agreed, while more are needed: nobody twice.
CREATE TABLE approval_votes (
    approval_id TEXT COLLATE "C" NOT NULL,
    approver TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    amount BIGINT,
    parameters TEXT COLLATE "C",
    PRIMARY KEY (approval_id, approver)
);

-- What is said of approvals to systems that are no endpoints.
CREATE TABLE approval_posts (
    seq BIGINT PRIMARY KEY,
    workspace_id TEXT COLLATE "C" NOT NULL,
    approval_id TEXT COLLATE "C" NOT NULL,
    -- 0 Slack, 1 PagerDuty, 2 the asker's own URL
    addressee BIGINT NOT NULL,
    -- 0 that somebody asks, 1 how it ended
    saying BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- 0 open, 1 said, 2 given up, 3 not needed
    state BIGINT NOT NULL,
    -- While open: when it may be tried. While taken: when that ends.
    due_at BIGINT,
    -- What the addressee calls it, and what was said before.
    reference TEXT COLLATE "C",
    before TEXT COLLATE "C"
);
CREATE INDEX approval_posts_approval ON approval_posts (approval_id, seq);
CREATE INDEX approval_posts_due ON approval_posts (due_at) WHERE state = 0;
