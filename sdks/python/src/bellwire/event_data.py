# Made by scripts/generate_models.py of the event catalog: change that.
"""The `data` of the built-in events, as `TypedDict`: `spent: PurchaseSucceeded = event.data`.

Fields are only ever added. Amounts are `Decimal`; times are RFC 3339 texts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict


class AbuseDetected(TypedDict):
    """An agent's calls look wrong: at most once a minute per agent and rule."""

    agent_id: str
    """The agent, `agt_…`"""
    rule: str
    """Which rule"""
    evidence: dict[str, Any]
    """What was seen"""
    action: Literal["notify", "throttle", "block"]
    """What was done"""


class AgentBudgetExceeded(TypedDict):
    """An agent's spending reached its monthly cap, or its first call was refused: once a month."""

    agent_id: str
    """The agent, `agt_…`"""
    agent_name: str
    """Its name"""
    budget_cents_monthly: int
    """The cap"""
    spent_cents: int
    """Spent this month"""
    org_id: str
    """The workspace, `ws-…`"""


class AgentCreated(TypedDict):
    """An agent was made."""

    agent_id: str
    """The agent, `agt_…`"""
    agent_name: str
    """Its name"""
    wallet_id: str | None
    """Its wallet, `wal_…`"""
    models: list[str]
    """The models it may use; empty for all"""
    org_id: str
    """The workspace, `ws-…`"""


class AgentDeleted(TypedDict):
    """An agent was removed and its keys revoked. Its history is kept."""

    agent_id: str
    """The agent, `agt_…`"""
    agent_name: str
    """Its name"""
    org_id: str
    """The workspace, `ws-…`"""


class _ApprovalDecided(TypedDict):
    approval_id: str
    """The approval: the key to recognise it by, the same on every attempt, `apr_…`"""
    created_at: str
    """When it was asked"""
    status: Literal["approved", "denied", "expired", "undeliverable", "cancelled"]
    """How it ended"""
    decided_at: str
    """When it ended"""
    reason: str | None
    """Why, in words"""
    approvers: list[str]
    """Who decided"""
    action_digest: str
    """SHA-256 of what was asked"""


class ApprovalDecided(_ApprovalDecided, total=False):
    """An approval ended. Only `approved` releases anything."""

    approved_usd: Decimal | None
    """How much was allowed, at most what was asked, in US dollars"""
    receipt: str | None
    """The decision, signed with Ed25519"""
    transaction_id: str | None
    """The purchase, `pur_…`"""


class ApprovalRequestedAgent(TypedDict, total=False):
    """Who asks"""

    id: str
    """The agent, `agt_…`"""
    run_id: str | None
    """Its run, `run_…`"""
    operator: str | None
    """Who runs it"""


class _ApprovalRequestedTransaction(TypedDict):
    amount_usd: Decimal
    """How much, in US dollars"""
    vendor: str
    """Who is paid"""


class ApprovalRequestedTransaction(_ApprovalRequestedTransaction, total=False):
    """What would be bought; null if the question is not about money"""

    category: str | None
    """What kind"""
    memo: str | None
    """What for"""
    rail: str | None
    """How it is paid"""


class _ApprovalRequestedPolicy(TypedDict):
    rule: str
    """The rule that asks"""


class ApprovalRequestedPolicy(_ApprovalRequestedPolicy, total=False):
    """Why a person is asked"""

    threshold_usd: Decimal | None
    """Its threshold, in US dollars"""
    daily_spent_usd: Decimal | None
    """Spent today, in US dollars"""
    daily_cap_usd: Decimal | None
    """Allowed today, in US dollars"""


class _ApprovalRequested(TypedDict):
    approval_id: str
    """The approval: the key to recognise it by, the same on every attempt, `apr_…`"""
    created_at: str
    """When it was asked"""
    expires_at: str
    """When silence becomes a no"""
    callback_url: str
    """Where to post the decision"""
    action_digest: str
    """SHA-256 of what was asked, in RFC 8785 form"""


class ApprovalRequested(_ApprovalRequested, total=False):
    """A person is asked to allow something. Complete in itself: nothing else needs to be looked
    up to decide."""

    agent: ApprovalRequestedAgent | None
    """Who asks"""
    transaction: ApprovalRequestedTransaction | None
    """What would be bought; null if the question is not about money"""
    policy: ApprovalRequestedPolicy | None
    """Why a person is asked"""
    title: str
    """The question"""
    action: str
    """What would be done"""
    details: dict[str, Any]
    """More about it, as the asker gave it"""


class _BudgetExhausted(TypedDict):
    wallet_id: str
    """The wallet whose budget is short, `wal_…`"""
    budget_limit_usd: Decimal
    """The budget, in US dollars"""
    last_transaction_id: str | None
    """The last purchase that fitted, `pur_…`"""
    requested_usd: Decimal
    """What was asked for, in US dollars"""
    resets_at: str | None
    """When the window starts anew; null for prepaid wallets"""


class BudgetExhausted(_BudgetExhausted, total=False):
    """A purchase was refused for lack of budget, the first time since the wallet's last
    success, budget change or reset."""

    requesting_wallet_id: str
    """The wallet that was to pay; the same or below, `wal_…`"""
    denied_count: int
    """How many were refused since"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class _BudgetThreshold(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    threshold_percent: int
    """The share that was passed"""
    spent_usd: Decimal
    """Spent in this window, in US dollars"""
    budget_limit_usd: Decimal
    """The budget, in US dollars"""


class BudgetThreshold(_BudgetThreshold, total=False):
    """Spending passed a share of the budget: once per wallet, window and threshold."""

    sandbox: bool
    """Whether it is play money; absent if it is not"""


class ChainCheckpointed(TypedDict):
    """The log of all receipts and audit entries was signed at a new size."""

    origin: str
    """The log's name"""
    tree_size: int
    """How many leaves"""
    root_hash: str
    """The root, base64 as in the note"""
    checkpoint: str
    """The signed note (C2SP tlog-checkpoint)"""


class DeltaFailed(TypedDict):
    """A delta could not be processed, by a fault of ours. It is not in the chain."""

    record_id: str
    """The record, `rec_…`"""
    customer_id: str
    """Whose usage"""
    reference_id: str | None
    """The caller's own id"""
    error_code: str
    """What failed"""
    error_message: str
    """The same in a sentence"""


class _DeltaVerifiedDelta(TypedDict):
    customer_id: str
    """Whose usage"""
    value: Decimal | int
    """The signed amount, exact to 9 decimals"""
    record_id: str
    """Our id, `rec_…`"""


class DeltaVerifiedDelta(_DeltaVerifiedDelta, total=False):
    """What was submitted"""

    reference_id: str | None
    """The caller's own id"""
    unit: str | None
    """Of what"""
    reason: str | None
    """Why"""
    occurred_at: str | None
    """When it happened"""


class _DeltaVerifiedVerificationDiscrepancies(TypedDict):
    code: str
    """Which check"""
    message: str
    """In a sentence"""


class DeltaVerifiedVerificationDiscrepancies(_DeltaVerifiedVerificationDiscrepancies, total=False):
    expected: Any
    """What it should be"""
    actual: Any
    """What it is"""


class DeltaVerifiedVerification(TypedDict):
    """The verdict"""

    verified: bool
    """Whether every check passed; only then it is counted"""
    discrepancies: list[DeltaVerifiedVerificationDiscrepancies]
    """What does not fit"""
    latency_ms: int
    """From accepting to verifying"""
    verified_at: str
    """When"""


class _DeltaVerifiedProof(TypedDict):
    proof_hash: str
    """This link"""
    previous_proof_hash: str
    """The link before"""
    content_hash: str
    """The record"""
    algorithm: str
    """How the hashes are made"""


class DeltaVerifiedProof(_DeltaVerifiedProof, total=False):
    """The link in the chain"""

    log_index: int | None
    """The leaf in the Merkle log; null until it is in a checkpoint"""


class _DeltaVerifiedPeriod(TypedDict):
    id: str
    """Which"""
    net_delta: Decimal | int
    """Sum of its verified deltas"""


class DeltaVerifiedPeriod(_DeltaVerifiedPeriod, total=False):
    """The period it counts in"""

    opened_at: str
    """Since when"""
    status: Literal["open", "closed"]
    """Whether it still counts"""


class _DeltaVerifiedUsage(TypedDict):
    included_deltas: int
    """Deltas the plan includes"""
    consumed_deltas: int
    """Deltas used in this period"""
    remaining_deltas: int
    """Deltas left, never below 0"""


class DeltaVerifiedUsage(_DeltaVerifiedUsage, total=False):
    """What the plan has left"""

    overage_rate: Decimal | int
    """Dollars for one more"""


class DeltaVerified(TypedDict):
    """A delta was checked and chained; `verification.verified` is the verdict. What it says can
    be recomputed from `proof`."""

    receipt_id: str
    """The receipt, `rcp_…`"""
    delta_index: int
    """Its place in the customer's chain, from 0, gapless"""
    delta: DeltaVerifiedDelta
    """What was submitted"""
    verification: DeltaVerifiedVerification
    """The verdict"""
    proof: DeltaVerifiedProof
    """The link in the chain"""
    period: DeltaVerifiedPeriod
    """The period it counts in"""
    usage: DeltaVerifiedUsage
    """What the plan has left"""


class EndpointCreated(TypedDict):
    """An endpoint was registered."""

    endpoint_id: str
    """The endpoint, `whk_…`"""
    url: str | None
    """Where it receives; null for a pull endpoint"""
    events: list[str]
    """What it subscribes to"""
    status: Literal["active", "paused", "disabled"]
    """Its status"""


class EndpointDeleted(TypedDict):
    """An endpoint and its deliveries were removed."""

    endpoint_id: str
    """The endpoint, `whk_…`"""
    url: str | None
    """Where it receives; null for a pull endpoint"""


class _EndpointDisabled(TypedDict):
    endpoint_id: str
    """The endpoint, `whk_…`"""
    url: str | None
    """Where it receives; null for a pull endpoint"""
    reason: Literal["gone", "asked", "failing"]
    """Why: it answered 410 Gone, it answered `webhook-delivery: disable`, or it kept failing"""


class EndpointDisabled(_EndpointDisabled, total=False):
    """An endpoint was switched off: it asked for that, or failed for five days without one
    success."""

    failing_since: str | None
    """When its failures began"""
    last_error: str | None
    """The last failure, in words"""


class EndpointUpdated(TypedDict):
    """An endpoint's settings or status changed."""

    endpoint_id: str
    """The endpoint, `whk_…`"""
    url: str | None
    """Where it receives; null for a pull endpoint"""
    events: list[str]
    """What it subscribes to"""
    status: Literal["active", "paused", "disabled"]
    """Its status"""
    changed: list[str]
    """The fields that changed"""


class ExecCompleted(TypedDict):
    """A command ended. Its file events come before it."""

    exec_id: str
    """The run, `exec_…`"""
    command: str
    """What was run"""
    exit_code: int | None
    """Its exit code; null if it did not exit by itself"""
    stdout: str
    """The first 4 KiB of its output"""
    stderr: str
    """The first 4 KiB of its error output"""
    duration_ms: int
    """Wall-clock time"""
    cpu_ms: int
    """Processor time"""
    peak_memory_bytes: int
    """Most memory at once"""
    stdout_bytes: int
    """All of its output"""
    stderr_bytes: int
    """All of its error output"""
    truncated: bool
    """Whether output was left out"""
    reason: Literal["exit", "signal", "timeout", "oom"]
    """How it ended"""
    files_changed: int
    """How many files it wrote or deleted"""
    sandbox: dict[str, Any]
    """The isolation layers that were in force"""


class FileDeleted(TypedDict):
    """A file was removed."""

    path: str
    """Where it was, relative to the namespace's root"""
    exec_id: str | None
    """The command that did it; null if none did, `exec_…`"""


class FileWritten(TypedDict):
    """A file was created or changed, by the API, by a command or on a watched machine."""

    path: str
    """Where, relative to the namespace's root"""
    size_bytes: int
    """Its size now"""
    sha256: str
    """Hash of its content now"""
    previous_sha256: str | None
    """Hash of its content before; null if it is new"""
    source: Literal["api", "exec", "watch"]
    """Who wrote it"""
    exec_id: str | None
    """The command that did it; null if none did, `exec_…`"""


class KeyCreated(TypedDict):
    """An API key was made."""

    key_id: str
    """The key, never its secret, `key_…`"""
    name: str
    """Its name"""
    namespace: str | None
    """The only namespace it may use; null for all"""


class KeyRevoked(TypedDict):
    """An API key was revoked; it stops working at once."""

    key_id: str
    """The key, never its secret, `key_…`"""
    name: str
    """Its name"""
    namespace: str | None
    """The only namespace it may use; null for all"""


class NamespaceDeleted(TypedDict):
    """A namespace, its files, endpoints and keys were removed."""

    namespace: str
    """Its name"""


class _PeriodClosedUsage(TypedDict):
    included_deltas: int
    """Deltas the plan includes"""
    consumed_deltas: int
    """Deltas used in this period"""
    remaining_deltas: int
    """Deltas left, never below 0"""


class PeriodClosedUsage(_PeriodClosedUsage, total=False):
    """What the plan has left"""

    overage_rate: Decimal | int
    """Dollars for one more"""


class _PeriodClosed(TypedDict):
    customer_id: str
    """Whose"""
    period_id: str
    """Which"""
    net_delta: Decimal | int
    """Sum of its verified deltas"""
    delta_count: int
    """How many were counted"""
    opened_at: str
    """Since when"""
    closed_at: str
    """Until when"""


class PeriodClosed(_PeriodClosed, total=False):
    """A period no longer changes."""

    last_proof_hash: str | None
    """The chain's head at that moment"""
    usage: PeriodClosedUsage
    """What the plan has left"""


class _PlanThresholdUsage(TypedDict):
    included_deltas: int
    """Deltas the plan includes"""
    consumed_deltas: int
    """Deltas used in this period"""
    remaining_deltas: int
    """Deltas left, never below 0"""


class PlanThresholdUsage(_PlanThresholdUsage, total=False):
    """What the plan has left"""

    overage_rate: Decimal | int
    """Dollars for one more"""


class PlanThreshold(TypedDict):
    """A customer used up a share of the plan."""

    customer_id: str
    """Whose"""
    period_id: str
    """In which period"""
    threshold_percent: int
    """The share that was passed"""
    usage: PlanThresholdUsage
    """What the plan has left"""


class PlanUpdated(TypedDict):
    """A customer's plan changed."""

    customer_id: str
    """Whose"""
    plan_id: str
    """The plan now, `pln_…`"""
    previous_plan_id: str | None
    """The plan before, `pln_…`"""


class PolicyCreated(TypedDict):
    """A policy was made."""

    policy_id: str
    """The policy, `pol_…`"""
    name: str
    """Its name"""
    policy_version: int
    """Which version is in force"""


class PolicyUpdated(TypedDict):
    """A policy has a new version."""

    policy_id: str
    """The policy, `pol_…`"""
    name: str
    """Its name"""
    policy_version: int
    """Which version is in force"""
    previous_version: int
    """The version before"""


class _ProviderCircuitClosed(TypedDict):
    provider: str
    """Which"""
    open_seconds: int
    """How long it was out"""


class ProviderCircuitClosed(_ProviderCircuitClosed, total=False):
    """A provider answers again."""

    model: str | None
    """Which of its models; null for all"""


class _ProviderCircuitOpened(TypedDict):
    provider: str
    """Which"""
    error_rate: Decimal | int
    """Share of calls that failed"""
    window_seconds: int
    """Over how long"""
    opened_at: str
    """When"""
    retry_at: str
    """When it is tried again"""


class ProviderCircuitOpened(_ProviderCircuitOpened, total=False):
    """A provider fails too often or answers too slowly; calls go to the fallback or are refused
    for a while."""

    model: str | None
    """Which of its models; null for all"""


class _PurchaseFailed(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    error_code: str
    """What failed: `policy_denied`, `approval_denied`, `provider_429`, `provider_5xx`,
    `timeout`, `network` or the caller's own"""
    error_message: str
    """The same in a sentence"""
    vendor: str
    """Who is paid"""
    amount_usd: Decimal
    """How much it would have been, in US dollars"""


class PurchaseFailed(_PurchaseFailed, total=False):
    """A purchase did not come about: the vendor or network failed, a policy denied it, or an
    approval was not given. Never for lack of budget."""

    transaction_id: str
    """The purchase, `pur_…`"""
    agent_id: str | None
    """The agent that bought; null if none did, `agt_…`"""
    hold_id: str | None
    """The hold that it was, `hld_…`"""
    policy_id: str
    """The policy that denied it, `pol_…`; absent if none did"""
    policy_version: int
    """In which version"""
    rule: str
    """By which rule of it"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class _PurchaseHeld(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    amount_usd: Decimal
    """How much, in US dollars"""
    vendor: str
    """Who is paid"""
    hold_id: str
    """The hold, `hld_…`"""
    expires_at: str | None
    """When it releases itself"""


class PurchaseHeld(_PurchaseHeld, total=False):
    """An amount was set aside for a purchase that is not final."""

    transaction_id: str
    """The purchase, `pur_…`"""
    approval_id: str | None
    """The approval it waits for, `apr_…`"""
    agent_id: str | None
    """The agent that buys; null if none does"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class _PurchaseRefunded(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    transaction_id: str
    """The purchase, `pur_…`"""
    amount_usd: Decimal
    """How much, in US dollars"""
    vendor: str
    """Who is paid"""
    refunded_usd: Decimal
    """All that came back so far, this refund included, in US dollars"""
    reason: str | None
    """Why"""


class PurchaseRefunded(_PurchaseRefunded, total=False):
    """Some or all of a purchase came back."""

    refund_id: str
    """The refund, `rfd_…`"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class _PurchaseSucceeded(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    transaction_id: str
    """The purchase, `pur_…`"""
    amount_usd: Decimal
    """How much, in US dollars"""
    vendor: str
    """Who is paid"""
    description: str
    """What for"""
    category: str | None
    """What kind"""
    timestamp: str
    """When"""
    agent_id: str | None
    """The agent that bought; null if none did, `agt_…`"""


class PurchaseSucceeded(_PurchaseSucceeded, total=False):
    """A purchase was recorded, or a hold captured."""

    metadata: dict[str, Any]
    """What the buyer attached"""
    estimated: bool
    """Whether the amount is an estimate, since the provider did not report usage"""
    overrun: bool
    """Whether the provider reported more than was held"""
    run_id: str
    """In which run of the agent"""
    hold_id: str | None
    """The hold that it was, `hld_…`"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class _PurchaseVoided(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    amount_usd: Decimal
    """How much, in US dollars"""
    vendor: str
    """Who is paid"""
    hold_id: str
    """The hold, `hld_…`"""
    reason: Literal["voided", "expired", "failed", "denied", "undeliverable", "cancelled"]
    """Why"""


class PurchaseVoided(_PurchaseVoided, total=False):
    """A hold was released without a purchase."""

    transaction_id: str
    """The purchase, `pur_…`"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class SnapshotCreated(TypedDict):
    """The files of a namespace were kept as they are."""

    snapshot_id: str
    """The snapshot, `snap_…`"""
    namespace: str
    """Whose files"""
    label: str | None
    """What it was called"""
    size_bytes: int
    """The size of the files in it"""


class _SnapshotDeleted(TypedDict):
    snapshot_id: str
    """The snapshot, `snap_…`"""
    namespace: str
    """Whose files"""
    label: str | None
    """What it was called"""


class SnapshotDeleted(_SnapshotDeleted, total=False):
    """A snapshot was removed."""

    size_bytes: int
    """The size of the files in it"""


class SnapshotRestored(TypedDict):
    """The files of a namespace were put back as they were. The file events of what changed
    follow."""

    snapshot_id: str
    """The snapshot, `snap_…`"""
    namespace: str
    """Whose files"""
    label: str | None
    """What it was called"""
    size_bytes: int
    """The size of the files in it"""
    files_restored: int
    """How many files were put back"""


class _SpendSpike(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    window_seconds: int
    """How long was looked at"""
    spent_usd: Decimal
    """Spent in that time, in US dollars"""
    baseline_usd: Decimal
    """Usual for that time, in US dollars"""
    count: int
    """Purchases in that time"""
    top_vendor: str | None
    """Who was paid most"""


class SpendSpike(_SpendSpike, total=False):
    """A wallet spends unusually fast, or the same purchase repeats."""

    rule: str
    """The limit that was passed"""
    action: Literal["notify", "freeze", "deny"]
    """What was done"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class _UsageThreshold(TypedDict):
    agent_id: str
    """The agent, `agt_…`"""
    threshold_percent: int
    """The share that was passed"""


class UsageThreshold(_UsageThreshold, total=False):
    """An agent used up a share of its budget."""

    agent_name: str
    """Its name"""
    spent_usd: Decimal
    """Spent in this period, in US dollars"""
    budget_usd: Decimal
    """The budget, in US dollars"""
    period: str
    """Which month"""
    org_id: str
    """The workspace, `ws-…`"""


class _WalletCreated(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    name: str
    """Its name"""
    budget_usd: Decimal
    """Its budget, in US dollars"""
    window: Literal["total", "daily", "monthly"]
    """What the budget is for"""
    status: Literal["active", "frozen"]
    """Its status"""


class WalletCreated(_WalletCreated, total=False):
    """A wallet was made."""

    parent_id: str | None
    """The wallet above, `wal_…`"""
    agent_id: str | None
    """The agent it belongs to, `agt_…`"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class WalletFrozen(TypedDict):
    """A wallet was frozen: nothing can be bought from it until it is active again."""

    wallet_id: str
    """The wallet, `wal_…`"""
    reason: str
    """Why"""
    actor: str | None
    """Who; null if a limit did it"""


class _WalletUpdated(TypedDict):
    wallet_id: str
    """The wallet, `wal_…`"""
    name: str
    """Its name"""
    budget_usd: Decimal
    """Its budget, in US dollars"""
    window: Literal["total", "daily", "monthly"]
    """What the budget is for"""
    status: Literal["active", "frozen"]
    """Its status"""
    changed: list[str]
    """The fields that changed"""
    reason: str
    """Why"""


class WalletUpdated(_WalletUpdated, total=False):
    """A wallet's budget, limits or status changed."""

    parent_id: str | None
    """The wallet above, `wal_…`"""
    agent_id: str | None
    """The agent it belongs to, `agt_…`"""
    actor: str
    """Who"""
    sandbox: bool
    """Whether it is play money; absent if it is not"""


class WebhookTest(TypedDict):
    """Somebody pressed the test button of an endpoint. Sent to that endpoint alone."""

    endpoint_id: str
    """The endpoint that is tested, `whk_…`"""
    message: str
    """A greeting"""


class WorkspaceCreated(TypedDict):
    """A workspace was made."""

    workspace_id: str
    """The workspace, `ws-…`"""
    name: str
    """Its name"""


EVENT_DATA: dict[str, type[Any]] = {
    "abuse.detected": AbuseDetected,
    "agent.budget_exceeded": AgentBudgetExceeded,
    "agent.created": AgentCreated,
    "agent.deleted": AgentDeleted,
    "approval.decided": ApprovalDecided,
    "approval.requested": ApprovalRequested,
    "budget.exhausted": BudgetExhausted,
    "budget.threshold": BudgetThreshold,
    "chain.checkpointed": ChainCheckpointed,
    "delta.failed": DeltaFailed,
    "delta.verified": DeltaVerified,
    "endpoint.created": EndpointCreated,
    "endpoint.deleted": EndpointDeleted,
    "endpoint.disabled": EndpointDisabled,
    "endpoint.updated": EndpointUpdated,
    "exec.completed": ExecCompleted,
    "file.deleted": FileDeleted,
    "file.written": FileWritten,
    "key.created": KeyCreated,
    "key.revoked": KeyRevoked,
    "namespace.deleted": NamespaceDeleted,
    "period.closed": PeriodClosed,
    "plan.threshold": PlanThreshold,
    "plan.updated": PlanUpdated,
    "policy.created": PolicyCreated,
    "policy.updated": PolicyUpdated,
    "provider.circuit_closed": ProviderCircuitClosed,
    "provider.circuit_opened": ProviderCircuitOpened,
    "purchase.failed": PurchaseFailed,
    "purchase.held": PurchaseHeld,
    "purchase.refunded": PurchaseRefunded,
    "purchase.succeeded": PurchaseSucceeded,
    "purchase.voided": PurchaseVoided,
    "snapshot.created": SnapshotCreated,
    "snapshot.deleted": SnapshotDeleted,
    "snapshot.restored": SnapshotRestored,
    "spend.spike": SpendSpike,
    "usage.threshold": UsageThreshold,
    "wallet.created": WalletCreated,
    "wallet.frozen": WalletFrozen,
    "wallet.updated": WalletUpdated,
    "webhook.test": WebhookTest,
    "workspace.created": WorkspaceCreated,
}
"""By event type."""
