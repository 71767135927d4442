# Made by scripts/generate_models.py of openapi.json: change that.
"""What the API takes and answers with, as `TypedDict`: at run time they are the dictionaries that the
JSON is, so an answer costs nothing to make, and fields of a newer server are simply there.

Amounts are `Decimal`; times are RFC 3339 texts. A field may be absent where it may be None.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, TypedDict

from .money import Usd

Timestamp = str
"""RFC 3339, UTC."""


class Accepted(TypedDict):
    """An accepted event."""

    event: Event
    deliveries: int
    """How many endpoints it is on its way to."""


class _Alert(TypedDict):
    event_id: str
    type: str
    at: Timestamp
    summary: str
    """In a sentence."""


class Alert(_Alert, total=False):
    """Something that people should look at."""

    namespace: str | None


class _Approval(TypedDict):
    id: str
    approval_id: str
    """The same, as events call it."""
    status: str
    """`pending`, `approved`, `denied`, `expired`, `undeliverable` or `cancelled`."""
    message: str
    """What this means for whoever asked."""
    title: str
    action: str
    """What would be done."""
    details: dict[str, Any]
    """With what exactly; for money, what would be bought."""
    action_digest: str
    """SHA-256 of the RFC 8785 form of `{workspace, agent, action, parameters}`, the details
    being the parameters."""
    agent: ApprovalAgent
    requested_by: str
    """Who asked."""
    approvers: list[str]
    """Who may decide; whoever has the permission, if empty."""
    quorum: int
    """So many must agree."""
    channels: list[str]
    """Where it was asked."""
    callback_url: str
    """Where the decision is posted."""
    created_at: Timestamp
    expires_at: Timestamp
    """When silence becomes a no."""
    decided_by: list[str]
    """Who decided."""


class Approval(_Approval, total=False):
    """An approval."""

    transaction: ApprovalTransaction | None
    policy: ApprovalPolicy | None
    namespace: str | None
    transaction_id: str | None
    """The purchase it is about, `pur_…`."""
    decision: str | None
    """`approve` or `deny`; null while it is pending, and if nobody decided."""
    decided_at: Timestamp | None
    reason: str | None
    approved_usd: Decimal | None
    """How much was allowed."""
    approved_details: dict[str, Any] | None
    """What was allowed, if it is narrower than what was asked for."""
    approved_digest: str | None
    """What using it takes."""
    receipt: str | None
    """The decision, signed with Ed25519 (a compact JSON Web Signature)."""
    not_after: Timestamp | None
    """Until when it may be used."""
    consumed_at: Timestamp | None


class ApprovalAgent(TypedDict, total=False):
    """Who asks."""

    id: str | None
    run_id: str | None
    operator: str | None
    """Who runs it."""


class _ApprovalForm(TypedDict):
    title: str
    """The question, for people."""
    action: str
    """What would be done, for programs."""


class ApprovalForm(_ApprovalForm, total=False):
    """A question to people."""

    details: dict[str, Any] | None
    """With what exactly: the answer is bound to it. At most 16 KiB, 100 members, 16 deep."""
    timeout: str | None
    """How long silence is no answer, `1s` to `7d`; `15m` if absent."""
    channels: list[str] | None
    """Where it is asked: `webhook`, the id of an endpoint, `slack`, `pagerduty`, `console`;
    every subscribed endpoint and every integration that is set up, if absent."""
    approvers: list[str] | None
    """Who may decide: `person:ana` (or just `ana`), `slack:U012`, `key:key_…`,
    `endpoint:whk_…`; whoever has the permission, if absent."""
    quorum: int | None
    """So many different people must agree; 1 if absent."""
    agent_id: str | None
    """Which agent would do it: the key's own if it is an agent's."""
    run_id: str | None
    """In which of its runs."""
    namespace: str | None
    callback_url: str | None
    """Where the decision is sent to."""


class _ApprovalList(TypedDict):
    approvals: list[Approval]


class ApprovalList(_ApprovalList, total=False):
    """Approvals, newest first."""

    next_cursor: str | None


class _ApprovalPolicy(TypedDict):
    rule: str
    policy_id: str
    policy_version: int


class ApprovalPolicy(_ApprovalPolicy, total=False):
    """Which rule asks."""

    threshold_usd: Decimal | None
    daily_spent_usd: Decimal | None
    daily_cap_usd: Decimal | None


class _ApprovalTransaction(TypedDict):
    amount_usd: Decimal
    vendor: str


class ApprovalTransaction(_ApprovalTransaction, total=False):
    """What would be bought."""

    category: str | None
    memo: str | None
    rail: str | None


class _ApprovalVote(TypedDict):
    approver: str
    reason: str
    at: Timestamp


class ApprovalVote(_ApprovalVote, total=False):
    """One yes."""

    amount_usd: Decimal | None
    """At most so much, if they lowered it."""


class _ApprovalWhole(Approval):
    votes: list[ApprovalVote]
    """Who agreed, in the order of time."""


class ApprovalWhole(_ApprovalWhole, total=False):
    """An approval with who agreed so far and the request that asked."""

    request_body: str | None
    """The request that asked, byte for byte; to those who decide."""


class _Attempt(TypedDict):
    id: str
    number: int
    """Counted from 1 over all resets."""
    at: Timestamp
    latency: LatencyView
    response_headers: dict[str, str]


class Attempt(_Attempt, total=False):
    """One request of a delivery."""

    remote: str | None
    """The address that was sent to."""
    status_code: int | None
    response_body: str | None
    """The first 4 KiB."""
    error: str | None


class _AuditEntry(TypedDict):
    workspace_id: str
    seq: int
    """Its place in the workspace's chain, from 1."""
    at: Timestamp
    actor: str
    """`person:…`, `key:…`, `slack:…` or `system`."""
    action: str
    subject: str
    """The id of what it was done to."""
    detail: dict[str, Any]
    prev_hash: str
    hash: str


class AuditEntry(_AuditEntry, total=False):
    """Something that was done. `prev_hash` and `hash` tie it to all before it: see the page
    about the audit log."""

    namespace: str | None
    request_id: str | None


class _AuditList(TypedDict):
    entries: list[AuditEntry]


class AuditList(_AuditList, total=False):
    """Entries, newest first."""

    next_cursor: str | None


class _Balance(TypedDict):
    wallet_id: str
    budget_usd: Decimal
    spent_usd: Decimal
    held_usd: Decimal
    available_usd: Decimal
    """What is left of its own budget."""
    spendable_usd: Decimal
    """What can be spent: the least of what it and each wallet above it have left."""
    limited_by: str
    """The wallet of which it is that."""
    window: str
    """`total`, `daily` or `monthly`."""
    status: str
    """`active` or `frozen`."""
    denied_count: int
    """Refusals for lack of budget since the last success, change or reset."""


class Balance(_Balance, total=False):
    """What is left of a wallet."""

    resets_at: Timestamp | None
    """When its budget starts anew; null if never."""


class BatchAnswer(TypedDict):
    """What became of a batch, in its order."""

    accepted: int
    rejected: int
    results: list[BatchItem]


class _BatchItem(TypedDict):
    status: int
    """The status it would have had alone."""


class BatchItem(_BatchItem, total=False):
    """What became of one event of a batch."""

    event: Event | None
    deliveries: int | None
    error: Problem | None


class _Problem(TypedDict):
    type: str
    """A stable URL of the code."""
    title: str
    """The code's title."""
    status: int
    """The HTTP status."""
    code: str
    """The code."""
    detail: str
    """A sentence that helps."""


class Problem(_Problem, total=False):
    """The body of every error (RFC 9457, `application/problem+json`)."""

    request_id: str | None
    """The request, as the logs know it."""
    errors: list[FieldError]
    """Every fault, field by field."""


class _BudgetExceeded(Problem):
    wallet_id: str
    """The wallet that was to pay."""
    blocking_wallet_id: str
    """The one whose budget is short: it, or one above it."""
    budget_limit_usd: Decimal
    spent_usd: Decimal
    held_usd: Decimal
    requested_usd: Decimal
    available_usd: Decimal


class BudgetExceeded(_BudgetExceeded, total=False):
    """A budget is short (RFC 9457, `application/problem+json`). It cannot be paid away."""

    resets_at: Timestamp | None
    """When the budget starts anew; null if never."""


class CancelForm(TypedDict, total=False):
    """Why a question is taken back."""

    reason: str | None


class CaptureForm(TypedDict, total=False):
    """How much of a hold is paid."""

    amount_usd: Usd
    """More than 0 and at most the hold, all of it if absent; the rest is released."""


class ChainFault(TypedDict):
    """What is wrong with a chain."""

    seq: int
    """The number of the entry."""
    detail: str
    """In a sentence."""


class _ChainView(TypedDict):
    entries: int
    """Entries that are good, from the first on."""
    head: str
    """The hash of the last one of them, in hexadecimal digits."""
    status: str
    """`intact` or `broken`."""
    checked_at: Timestamp


class ChainView(_ChainView, total=False):
    """Whether the audit log is whole."""

    first_fault: ChainFault | None


class _Circuit(TypedDict):
    endpoint_id: str
    open_until: Timestamp
    """When it is probed."""


class Circuit(_Circuit, total=False):
    """An endpoint that is left alone for a while."""

    url: str | None


class ConsumeForm(TypedDict):
    """What is about to be done."""

    action_digest: str
    """SHA-256 of the RFC 8785 form of `{workspace, agent, action, parameters}` of what is about
    to be done."""


class Counts(TypedDict):
    """How many deliveries are in which state."""

    total: int
    pending: int
    success: int
    failed: int


class _CreateKeyBody(TypedDict):
    name: str
    """What people call it; 1 to 128 characters."""
    kind: str
    """`admin`, `workspace` or `scoped`."""


class CreateKeyBody(_CreateKeyBody, total=False):
    """A key to be made."""

    namespace: str | None
    """Needed for a scoped key, and only for one."""
    permissions: list[str] | None
    """What it may do; what its kind may do if absent."""
    agent_id: str | None
    """The agent whose key it is."""
    person: str | None
    """Who holds it."""
    expires_at: str | None
    """Until when it is good (RFC 3339)."""


class CreateWorkspaceBody(TypedDict):
    """A workspace to be made."""

    name: str
    """What people call it; 1 to 128 characters."""


class _DecisionForm(TypedDict):
    decision: str
    """`approve` or `deny`."""
    reason: str
    """Why."""


class DecisionForm(_DecisionForm, total=False):
    """A decision."""

    approver: str | None
    """A note, not an identity."""
    approval_id: str | None
    """Needed if the body is signed instead of sent with a key: a signature fits one approval
    only."""
    amount_usd: Usd | None
    """Allow at most so much: what was asked for or less."""
    details: dict[str, Any] | None
    """Allow these details instead: the same, whole numbers lowered or elements left out."""


class _DeliveriesPart(TypedDict):
    per_second: Decimal
    """Delivered in the last minute, per second."""
    backlog: int
    """Deliveries that are owed now, counted up to 100,000."""
    dead_letters: int
    """Dead letters, counted up to 100,000."""
    minutes: list[MinuteView]
    """The attempts of the last 60 minutes, oldest first; the last one is under way."""


class DeliveriesPart(_DeliveriesPart, total=False):
    """How deliveries fare."""

    success_rate: Decimal | None
    """Of the attempts of the last hour, 0 to 1; null without any."""
    latency_p50_ms: int | None
    """Half of the attempts of the last hour took less; null without any."""
    latency_p95_ms: int | None


class _Delivery(TypedDict):
    id: str
    endpoint_id: str
    event_id: str
    event: str
    """The event's type."""
    status: str
    """`pending`, `success` or `failed`."""
    attempts: int
    """Since the last reset."""
    created_at: Timestamp
    replay: bool


class Delivery(_Delivery, total=False):
    """One event on its way to one endpoint."""

    namespace: str | None
    status_code: int | None
    """Of the last attempt that had an answer."""
    next_attempt_at: Timestamp | None
    """When it is due; while it waits for an earlier one of its ordering key, null."""
    last_attempt_at: Timestamp | None
    last_error: str | None
    delivered_at: Timestamp | None
    ordering_key: str | None


class _DeliveryDetail(Delivery):
    attempt_log: list[Attempt]
    """Attempts, oldest first."""


class DeliveryDetail(_DeliveryDetail, total=False):
    """A delivery with its attempts and the request of the last one."""

    request: SentRequest | None
    """The last request, as it was sent, whatever was changed since; null before the first."""


class _DeliveryList(TypedDict):
    deliveries: list[Delivery]


class DeliveryList(_DeliveryList, total=False):
    """Deliveries, newest first."""

    total: int | None
    """How many there are on all pages. Null where counting would take long: with `type` or `q`,
    which are looked for page by page, with `namespace` among more than 10,000, of more than 100
    endpoints, and of more than a million deliveries."""
    next_cursor: str | None


class _Endpoint(TypedDict):
    id: str
    workspace_id: str
    kind: str
    """`push` or `pull`."""
    events: list[str]
    dialect: str
    signing: str
    """`hmac` or `ed25519`."""
    retry: RetryView
    timeout_ms: int
    max_in_flight: int
    ordered: bool
    headers: dict[str, str]
    status: str
    metadata: dict[str, Any]
    created_at: Timestamp
    updated_at: Timestamp
    version: int


class Endpoint(_Endpoint, total=False):
    """A subscription."""

    url: str | None
    namespace: str | None
    filter: str | None
    public_key: str | None
    """What verifies `v1a` signatures, with `signing: ed25519`."""
    rate_limit: int | None
    status_reason: str | None
    """Why the server disabled it."""
    description: str | None
    rotation_ends_at: Timestamp | None
    """Until when the older secret signs too, during a rotation."""
    secret: str | None
    """The secret, once."""


class EndpointAnswer(TypedDict):
    """One endpoint."""

    endpoint: Endpoint


class EndpointForm(TypedDict, total=False):
    """A subscription to be made, or what is to change of one. Absent fields keep what is there."""

    url: str | None
    """`https://…`; needed for `push`."""
    events: list[str] | None
    """Exact types, `family.*`, or `*`."""
    kind: str | None
    """`push` or `pull`; cannot be changed."""
    signing: str | None
    """`hmac` or `ed25519`."""
    namespace: str | None
    """Only this namespace's events."""
    filter: str | None
    """A CEL expression over `event`."""
    dialect: str | None
    """How an event looks on the wire."""
    retry: RetryForm | None
    """When to try again."""
    timeout_ms: int | None
    """One deadline over the whole exchange."""
    rate_limit: int | None
    """Deliveries per second."""
    max_in_flight: int | None
    """Concurrent requests."""
    ordered: bool | None
    """One at a time per ordering key."""
    headers: dict[str, str] | None
    """Extra request headers."""
    status: str | None
    """`active` or `paused`."""
    description: str | None
    """For people."""
    metadata: dict[str, Any] | None
    """For programs."""


class _EndpointList(TypedDict):
    endpoints: list[Endpoint]


class EndpointList(_EndpointList, total=False):
    """Endpoints, newest first."""

    next_cursor: str | None


class _EndpointStats(TypedDict):
    since: Timestamp
    deliveries: Counts
    """Deliveries kept, whenever made."""
    attempts: int
    attempts_succeeded: int
    attempts_failed: int
    dead_letters: int
    """Deliveries that became dead letters."""
    consecutive_failures: int
    breaker: str
    """`closed` or `open`."""
    hours: list[HourView]


class EndpointStats(_EndpointStats, total=False):
    """How an endpoint fares."""

    success_rate: Decimal | None
    """Of attempts; null when there were none."""
    latency_p50_ms: int | None
    """Below which half of the attempts took, in milliseconds, to a power of two."""
    latency_p95_ms: int | None
    failing_since: Timestamp | None
    last_success_at: Timestamp | None
    last_failure_at: Timestamp | None
    breaker_open_until: Timestamp | None


class _Event(TypedDict):
    id: str
    type: str
    timestamp: str
    """When it happened."""
    workspace_id: str
    data: dict[str, Any]


class Event(_Event, total=False):
    """An event: the native envelope."""

    namespace: str | None
    source: str | None
    """`reported:<key_id>` when a key posted a built-in type."""


class EventDetail(Event):
    """An event and where it went."""

    deliveries: list[Delivery]


class _EventList(TypedDict):
    events: list[Event]


class EventList(_EventList, total=False):
    """Events, newest first."""

    next_cursor: str | None


class ExtendForm(TypedDict, total=False):
    """An extension of a lease."""

    lease_id: str | None
    """The lease it is held under."""
    lease: str | None
    """How long from now: `1s` to `12h`; `30s` if absent."""


class ExtendedDelivery(Delivery):
    """A delivery that is held longer."""

    lease_id: str
    """Names the lease from here on: it is another one than before."""
    lease_expires_at: Timestamp


class FailForm(TypedDict):
    """What went wrong."""

    error_code: str
    """For programs."""
    error_message: str
    """For people."""


class FieldError(TypedDict):
    """One thing wrong with one field."""

    field: str
    """The field's path in the request."""
    detail: str
    """What would be right."""


class FinishAnswer(TypedDict):
    """One endpoint."""

    endpoint: Endpoint


class _GivenBack(TypedDict):
    id: str
    amount_usd: Decimal
    created_at: Timestamp


class GivenBack(_GivenBack, total=False):
    """What came back at once."""

    reason: str | None


class Healthy(TypedDict):
    """Whether the process lives."""

    status: str
    version: str


class HeldView(TypedDict):
    """A delivery that is held."""

    id: str
    """The delivery's id: acknowledge, refuse or extend by it."""
    lease_id: str
    """Names this lease; optional in the answer, and then it must still be in force."""
    lease_expires_at: Timestamp
    attempt: int
    """Counted from 1 since the last reset."""
    replay: bool
    event: Event
    headers: dict[str, str]
    """The headers a push would have had, signature included."""
    body: str
    """The body a push would have had."""


class _Order(TypedDict):
    vendor: str
    description: str


class Order(_Order, total=False):
    """What was asked for, beside the amount."""

    category: str | None
    memo: str | None
    rail: str | None
    run_id: str | None
    agent_id: str | None
    metadata: dict[str, Any] | None


class _Hold(Order):
    id: str
    purchase_id: str
    """The purchase that it is."""
    transaction_id: str
    """The same, as events call it."""
    wallet_id: str
    status: str
    """`held`, `captured`, `voided`, `failed` or `expired`."""
    amount_usd: Decimal
    """What was set aside."""
    captured_usd: Decimal
    released_usd: Decimal
    """What of it was let go."""
    sandbox: bool
    """Whether it is play money."""
    created_at: Timestamp


class Hold(_Hold, total=False):
    """A hold."""

    namespace: str | None
    error_code: str | None
    error_message: str | None
    expires_at: Timestamp | None
    """When it releases itself."""
    ended_at: Timestamp | None


class _HoldForm(TypedDict):
    amount_usd: Usd
    """How much is set aside, more than 0."""
    vendor: str
    """Who is paid."""


class HoldForm(_HoldForm, total=False):
    """A hold to be made."""

    expires_in: str | None
    """How long it is held: `1s` to `7d`; `15m` if absent."""
    description: str | None
    """What for."""
    category: str | None
    """What kind it is, for analytics."""
    memo: str | None
    """For people."""
    rail: str | None
    """How it is paid."""
    run_id: str | None
    """In which run of the agent."""
    agent_id: str | None
    """Which agent buys: the key's own if it is an agent's, else the wallet's if absent."""
    metadata: dict[str, Any] | None
    """For programs; at most 16 KiB, 100 members, 16 deep."""
    callback_url: str | None
    """Where the decision is sent to, if people have to be asked."""


class _HoldList(TypedDict):
    holds: list[Hold]


class HoldList(_HoldList, total=False):
    """Holds, newest first."""

    next_cursor: str | None


class HourView(TypedDict):
    """What an hour's attempts came to."""

    at: Timestamp
    succeeded: int
    failed: int
    dead: int


class _IntegrationView(TypedDict):
    name: str
    """`slack`, `pagerduty` or `nats`."""
    configured: bool
    """Whether it is set up for this workspace."""


class IntegrationView(_IntegrationView, total=False):
    """A system that this server speaks to."""

    detail: str | None
    """What is set, in words; null for keys without `keys:manage`. Never a secret."""


class _JobList(TypedDict):
    jobs: list[ReplayJob]


class JobList(_JobList, total=False):
    """Replays of an endpoint, newest first."""

    next_cursor: str | None


class _KeyList(TypedDict):
    keys: list[KeyView]


class KeyList(_KeyList, total=False):
    """Keys, newest first."""

    next_cursor: str | None


class _KeyView(TypedDict):
    id: str
    key_id: str
    name: str
    kind: str
    prefix: str
    permissions: list[str]
    created_at: Timestamp


class KeyView(_KeyView, total=False):
    """An API key; its secret is in the answer that made it, and nowhere else."""

    namespace: str | None
    agent_id: str | None
    person: str | None
    expires_at: Timestamp | None
    last_used_at: Timestamp | None
    api_key: str | None
    """The secret, once."""


class _LatencyView(TypedDict):
    total_ms: Decimal


class LatencyView(_LatencyView, total=False):
    """How long the parts of an attempt took, in milliseconds."""

    dns_ms: Decimal | None
    connect_ms: Decimal | None
    first_byte_ms: Decimal | None


class LeaseForm(TypedDict, total=False):
    """An answer to a held delivery."""

    lease_id: str | None
    """The lease it was held under; whichever is in force if absent."""


class Limits(TypedDict, total=False):
    """The limits that are in force."""

    max_transaction_usd: Decimal | None
    max_per_minute_usd: Decimal | None
    max_count_per_minute: int | None
    repeat: Repeat | None
    """Null if no loops are looked for."""
    spike: Spike | None
    """Null if no spikes are looked for."""
    on_breach: str | None
    """Null if maxima deny and loops and spikes notify."""


class LimitsForm(TypedDict, total=False):
    """Limits, all of them: what is absent is as every wallet has it."""

    max_transaction_usd: Usd | None
    """The most that one purchase may cost; null for no maximum."""
    max_per_minute_usd: Usd | None
    """The most that may be spent in any minute, from the wallet and all below it; null for no
    maximum."""
    max_count_per_minute: int | None
    """How many purchases any minute may have, from the wallet and all below it."""
    repeat: Literal[False] | RepeatForm | None
    """Null or false to look for none."""
    spike: Literal[False] | SpikeForm | None
    """Null or false to look for none."""
    on_breach: str | None
    """`notify`, `freeze` or `deny`; if absent, maxima deny and loops and spikes notify."""


class LogInForm(TypedDict, total=False):
    """What to log in with: one of these."""

    api_key: str | None
    """An API key: the session acts as this key."""
    link: str | None
    """The token of a link, from behind its `#link=`."""


class _Me(TypedDict):
    workspace_id: str
    name: str
    """The workspace's name."""
    key_id: str
    key_name: str
    kind: str
    """`owner`, `admin`, `workspace` or `scoped`."""
    scope: str
    """`admin` or `workspace`."""
    permissions: list[str]


class Me(_Me, total=False):
    """Who a key is."""

    namespace: str | None
    """The only namespace the key may touch."""


class MinuteView(TypedDict):
    """The attempts of one minute."""

    at: Timestamp
    succeeded: int
    failed: int


class NackForm(TypedDict, total=False):
    """A refusal of a held delivery."""

    lease_id: str | None
    """The lease it was held under."""
    delay: str | None
    """Again after this; by the schedule if absent."""


class _NamespaceList(TypedDict):
    namespaces: list[NamespaceView]


class NamespaceList(_NamespaceList, total=False):
    """Namespaces, by name."""

    next_cursor: str | None


class NamespaceView(TypedDict):
    """A namespace."""

    name: str
    created_at: Timestamp


class Overview(TypedDict, total=False):
    """How things stand. What a key may not see is null."""

    deliveries: DeliveriesPart | None
    approvals_pending: int | None
    """Questions that wait for people: at most 1,000 do."""
    open_circuits: list[Circuit] | None
    """Endpoints whose circuit breaker is open, those that are probed first, first; at most 50."""
    spend_today: SpendPart | None
    alerts: list[Alert] | None
    """The last 10 events that people should look at, newest first."""


class PlaygroundView(TypedDict):
    """Whether there is a playground."""

    enabled: bool


class _Policy(TypedDict):
    id: str
    policy_id: str
    """The same, as events call it."""
    version: int
    """Which version this is, from 1."""
    name: str
    rules: list[dict[str, Any]]
    """The rules as they were written."""
    default: str
    """`allow` or `deny`: what is done where no rule says anything."""
    agents: list[str]
    """The agents that it is attached to."""
    namespaces: list[str]
    """The namespaces that it is attached to."""
    created_at: Timestamp
    updated_at: Timestamp
    """Since when there is this version."""
    updated_by: str
    """Who made this version."""


class Policy(_Policy, total=False):
    """A policy, or one of its versions."""

    namespace: str | None
    """Whose it is: it counts inside that namespace only."""


class PolicyChange(TypedDict, total=False):
    """What is to change of a policy. Absent fields keep what is there."""

    name: str | None
    """What people call it."""
    rules: list[dict[str, Any]] | None
    """Its rules, all of them anew."""
    default: str | None
    """`allow` or `deny`: what is done where no rule says anything."""
    agents: list[str] | None
    """The agents that it is attached to, all of them anew."""
    namespaces: list[str] | None
    """The namespaces that it is attached to, all of them anew."""
    namespace: str | None
    """Cannot be changed."""


class _PolicyDecision(TypedDict):
    decision: str
    """`allow`, `deny` or `require_approval`."""
    policy_id: str
    rule: str
    """The rule that decides, or `default`."""
    detail: str
    """Why."""
    rules: list[PolicyLine]
    """What each rule makes of it, in order."""


class PolicyDecision(_PolicyDecision, total=False):
    """What a policy would say of a request."""

    policy_version: int | None
    """The version that was asked; null if it was given rules of its own."""


class _PolicyEvaluate(TypedDict):
    amount_usd: Usd
    """How much, more than 0."""
    vendor: str
    """Who would be paid."""


class PolicyEvaluate(_PolicyEvaluate, total=False):
    """A request that is made up."""

    description: str | None
    """What for."""
    category: str | None
    """What kind it is."""
    memo: str | None
    """For people."""
    rail: str | None
    """How it would be paid."""
    run_id: str | None
    """In which run of the agent."""
    metadata: dict[str, Any] | None
    """For programs; at most 16 KiB, 100 members, 16 deep."""
    wallet_id: str | None
    """The wallet that would pay: what was spent from it counts. Nothing was spent, if neither
    it nor an agent is named."""
    agent_id: str | None
    """The agent that would buy: the wallet's if absent."""
    at: str | None
    """When; now if absent."""
    rules: list[dict[str, Any]] | None
    """Rules to be tried in place of those that are saved."""
    default: str | None
    """The same for `default`."""


_PolicyFlipOdd = TypedDict("_PolicyFlipOdd", {"from": "str"})


class PolicyFlip(_PolicyFlipOdd):
    """Requests of which something else would have come."""

    to: str
    """What would have."""
    count: int
    amount_usd: Decimal


_PolicyFlipExampleOdd = TypedDict("_PolicyFlipExampleOdd", {"from": "str"})


class _PolicyFlipExample(_PolicyFlipExampleOdd):
    at: Timestamp
    wallet_id: str
    vendor: str
    amount_usd: Decimal
    to: str
    rule: str
    """The rule that would have decided."""


class PolicyFlipExample(_PolicyFlipExample, total=False):
    """One of them."""

    transaction_id: str | None
    """The purchase; null if it was denied."""


class _PolicyForm(TypedDict):
    name: str
    """What people call it."""
    rules: list[dict[str, Any]]
    """Its rules, in order. In each object every key is a rule, but for `then` and `approval`,
    which are about those."""


class PolicyForm(_PolicyForm, total=False):
    """A policy to be made, or to take the place of another."""

    default: str | None
    """`allow` or `deny`: what is done where no rule says anything; `allow` if absent."""
    agents: list[str] | None
    """The agents that it is attached to."""
    namespaces: list[str] | None
    """The namespaces that it is attached to."""
    namespace: str | None
    """Which customer's it is: then it counts inside that namespace only. Cannot be changed."""


class PolicyLine(TypedDict):
    """What one rule makes of a request."""

    rule: str
    """The rule's key."""
    index: int
    """The place in the list of what it was written in."""
    effect: str
    """`allow`, `deny`, `require_approval` or `none`."""
    detail: str
    """Why."""


class _PolicyList(TypedDict):
    policies: list[Policy]


class PolicyList(_PolicyList, total=False):
    """Policies, newest first."""

    next_cursor: str | None


class _PolicyReplay(TypedDict):
    since: str
    """Requests after this: a time, or a duration back from now."""


class PolicyReplay(_PolicyReplay, total=False):
    """What is to be replayed."""

    until: str | None
    """Requests up to this; up to now if absent."""
    rules: list[dict[str, Any]] | None
    """Rules to be tried in place of those that are saved."""
    default: str | None
    """The same for `default`."""
    wallet_id: str | None
    """As if the policy were attached to this wallet alone; to what it is attached to, if
    absent."""


class _PolicyReport(TypedDict):
    policy_id: str
    since: Timestamp
    until: Timestamp
    requests: int
    """How many requests it is about."""
    amount_usd: Decimal
    unchanged: int
    """Those of which the same would have come."""
    flips: list[PolicyFlip]
    """The others."""
    examples: list[PolicyFlipExample]
    """The first of the others, at most 100."""
    truncated: bool
    """Whether there were more requests than are looked at."""


class PolicyReport(_PolicyReport, total=False):
    """What would have come of what was asked for."""

    policy_version: int | None
    """The version that was replayed; null if it was given rules of its own."""


class _PolicyVersions(TypedDict):
    versions: list[Policy]


class PolicyVersions(_PolicyVersions, total=False):
    """The versions of a policy, newest first."""

    next_cursor: str | None


class PollAnswer(TypedDict):
    """Events after a place, oldest first."""

    events: list[Event]
    next_cursor: str
    """Where to go on: the next `after`. Always there."""


class PortalLink(TypedDict):
    """A portal's link."""

    url: str
    """What the tenant opens, as often as it likes until it expires."""
    expires_at: Timestamp
    """Until when."""
    key_id: str
    """The key as which the tenant acts: revoking it ends the link and its sessions."""


class PortalLinkForm(TypedDict, total=False):
    """A portal to be opened."""

    expires_in_s: int | None
    """For how long the link and its sessions are good; an hour if absent."""
    read_only: bool | None
    """Whether the tenant sees everything and changes nothing."""


class PostBatch(TypedDict):
    """Many events."""

    events: list[PostEvent]
    """1 to 1000 events."""


class _PostEvent(TypedDict):
    type: str
    """Lower-case words joined by dots."""
    data: dict[str, Any]
    """A JSON object."""


class PostEvent(_PostEvent, total=False):
    """An event to be posted."""

    namespace: str | None
    """Which customer's; absent or null for workspace-wide events."""
    id: str | None
    """The caller's own id: repeating it is harmless."""
    timestamp: str | None
    """When it happened (RFC 3339); now if absent."""


class PublicKeyView(TypedDict):
    """A public key."""

    algorithm: str
    """`ed25519`."""
    public_key: str
    """`whpk_…`."""
    purpose: str
    """What it signs."""


class PublicKeys(TypedDict):
    """The public keys of this deployment."""

    keys: list[PublicKeyView]


class PullForm(TypedDict, total=False):
    """How to take deliveries."""

    max: int | None
    """At most so many; 10 if absent."""
    lease: str | None
    """How long they are held: `1s` to `12h`; `30s` if absent."""
    wait: str | None
    """How long to wait for the first, up to `60s`; not at all if absent."""


class PullReply(TypedDict):
    """Deliveries that are held now."""

    deliveries: list[HeldView]


class _Purchase(Order):
    id: str
    transaction_id: str
    """The same, as events call it."""
    wallet_id: str
    status: str
    """`held`, `pending` (it waits for an approval), `succeeded`, `voided`, `failed`, `expired`,
    `denied`, `undeliverable` (nobody could be asked) or `cancelled`."""
    amount_usd: Decimal
    """What was paid; what was asked for if nothing was paid."""
    captured_usd: Decimal
    refunded_usd: Decimal
    sandbox: bool
    """Whether it is play money."""
    created_at: Timestamp


class Purchase(_Purchase, total=False):
    """A purchase."""

    namespace: str | None
    held_usd: Decimal | None
    """What is set aside, while it is."""
    hold_id: str | None
    """The hold that it began as."""
    error_code: str | None
    error_message: str | None
    expires_at: Timestamp | None
    """When a hold releases itself."""
    ended_at: Timestamp | None


class _PurchaseApproval(TypedDict):
    id: str
    status: str
    """`pending`, `approved`, `denied`, `expired`, `undeliverable` or `cancelled`."""
    expires_at: Timestamp
    """When silence becomes a no."""


class PurchaseApproval(_PurchaseApproval, total=False):
    """The approval that a purchase waits for."""

    reason: str | None
    """Why it ended so."""


class _PurchaseAsked(TypedDict):
    purchase: Purchase
    approval: PurchaseApproval


class PurchaseAsked(_PurchaseAsked, total=False):
    """A policy wants people to be asked: the amount is set aside meanwhile."""

    hold: Hold | None
    """The hold that was asked for; absent if it was a purchase."""


class _PurchaseForm(TypedDict):
    amount_usd: Usd
    """How much, more than 0."""
    vendor: str
    """Who is paid."""
    description: str
    """What for."""


class PurchaseForm(_PurchaseForm, total=False):
    """A purchase to be made."""

    category: str | None
    """What kind it is, for analytics."""
    memo: str | None
    """For people."""
    rail: str | None
    """How it is paid."""
    run_id: str | None
    """In which run of the agent."""
    agent_id: str | None
    """Which agent buys: the key's own if it is an agent's, else the wallet's if absent."""
    metadata: dict[str, Any] | None
    """For programs; at most 16 KiB, 100 members, 16 deep."""
    callback_url: str | None
    """Where the decision is sent to, if people have to be asked."""


class _PurchaseList(TypedDict):
    purchases: list[Purchase]


class PurchaseList(_PurchaseList, total=False):
    """Purchases, newest first."""

    next_cursor: str | None


class _PurchaseWithRefunds(Purchase):
    refunds: list[GivenBack]
    """Oldest first."""


class PurchaseWithRefunds(_PurchaseWithRefunds, total=False):
    """A purchase, and what came back of it."""

    approval: PurchaseApproval | None
    """The approval it waits or waited for; null if nobody was asked."""


class _Ready(TypedDict):
    status: str
    """`ready` or `not_ready`."""
    reasons: list[str]
    """Why not."""
    writer_waiting_ms: int


class Ready(_Ready, total=False):
    """Whether the server should be sent requests."""

    disk_free_bytes: int | None


class _Refund(TypedDict):
    id: str
    refund_id: str
    purchase_id: str
    transaction_id: str
    """The purchase, as events call it."""
    wallet_id: str
    amount_usd: Decimal
    """What came back with this refund."""
    refunded_usd: Decimal
    """What came back of the purchase so far."""
    created_at: Timestamp


class Refund(_Refund, total=False):
    """A refund."""

    reason: str | None


class _RefundForm(TypedDict):
    reason: str
    """Why."""


class RefundForm(_RefundForm, total=False):
    """What is to come back."""

    amount_usd: Usd
    """More than 0 and at most what is left; all that is left if absent."""


class _RegisterType(TypedDict):
    name: str
    """Lower-case words joined by dots, outside the built-in families."""


class RegisterType(_RegisterType, total=False):
    """A type to be registered."""

    schema: dict[str, Any] | None
    """A JSON Schema that data must satisfy from now on."""
    description: str | None
    """What it is, for people."""


class Repeat(TypedDict):
    """When equal purchases are a loop."""

    same_vendor_and_amount: int
    within: str


class RepeatForm(TypedDict, total=False):
    """When equal purchases are a loop: so many of the same amount from the same vendor, within
    so long."""

    same_vendor_and_amount: int | None
    """20 if absent."""
    within: str | None
    """`1s` to `1h`; `60s` if absent."""


class ReplayForm(TypedDict, total=False):
    """What to tell again."""

    since: str | None
    """Accepted after this: a time, or a duration back from now."""
    until: str | None
    """Accepted at or before this."""
    status: str | None
    """Only deliveries that are `success` or `failed`; both if absent."""
    types: list[str] | None
    """Only these types: exact, `family.*`, or `*`."""
    missing: bool | None
    """Also events that made no delivery to this endpoint, as from before it existed."""
    dry_run: bool | None
    """Only count."""


class _ReplayJob(TypedDict):
    endpoint_id: str
    status: str
    """`running` or `done`; `dry_run` when it was only counted."""
    total: int
    """Deliveries to be made or made pending, as counted at the start."""
    done: int
    """Deliveries made or made pending."""
    created_at: Timestamp
    updated_at: Timestamp


class ReplayJob(_ReplayJob, total=False):
    """A replay and how far it is."""

    id: str | None
    """Null for a dry run."""


class RetryForm(TypedDict, total=False):
    """`{"preset": name}` or `{"schedule": ["15s", "60s", "5m", "1h"]}`."""

    preset: str | None
    """`default`, `trove`, `paygraph`, `keystore` or `none`."""
    schedule: list[str] | None
    """1 to 20 delays of 1 s to 24 h, one before each retry."""
    jitter: bool | None
    """Whether each delay varies by ±20 %."""


class RetryManyAnswer(TypedDict):
    """How many were made pending."""

    retried: int


class _RetryManyForm(TypedDict):
    endpoint_id: str
    """Of this endpoint."""


class RetryManyForm(_RetryManyForm, total=False):
    """Which deliveries to try again."""

    status: str | None
    """`failed` (the default), `success` or `pending`."""
    since: str | None
    """Created after this: a time, or a duration back from now."""
    until: str | None
    """Created at or before this."""


class _RetryView(TypedDict):
    schedule: list[str]
    """The delay before each retry."""
    jitter: bool


class RetryView(_RetryView, total=False):
    """When deliveries are tried again."""

    preset: str | None


class RotateAnswer(TypedDict):
    """The new secret, once."""

    secret: str
    previous_expires_at: Timestamp
    """Until when the older secret signs too."""


class RotateForm(TypedDict, total=False):
    """How to rotate."""

    overlap: str | None
    """How long the older secret signs too; `24h` if absent, at most `7d`, `0s` for at once."""


class SandboxForm(TypedDict, total=False):
    """Where a sandbox sends its events."""

    url: str | None
    """Your own receiver; the catcher of this server if absent."""


class SandboxView(TypedDict):
    """A workspace to try things in."""

    workspace_id: str
    api_key: str
    """Good for this workspace, until it goes. It is in this answer only."""
    wallet_id: str
    """A wallet of $5.00."""
    endpoint_id: str
    """An endpoint for all events."""
    secret: str
    """What its deliveries are signed with."""
    catcher_url: str
    """Where this server catches deliveries: `ok`, `fail`, `slow`, `wrong` or `flaky` belongs
    behind it."""
    expires_at: Timestamp
    """When it goes, with everything in it."""


class _SentRequest(TypedDict):
    method: str
    headers: dict[str, str]
    body: str


class SentRequest(_SentRequest, total=False):
    """A request as it was sent."""

    url: str | None


class Session(TypedDict):
    """A session: a browser that acts as a key."""

    csrf_token: str
    """What every change repeats in the header `X-CSRF-Token`."""
    expires_at: Timestamp
    """When it ends at the latest."""
    portal: bool
    """Whether a portal's link opened it."""
    read_only: bool
    """Whether it changes nothing, whatever the key may do."""
    me: Me
    """The key as which it acts."""


class SessionLink(TypedDict):
    """A link that logs in."""

    url: str
    """To be opened in a browser. Its token is behind the `#`, which browsers send to nobody."""
    expires_at: Timestamp
    """Until when it is good."""


class SettingsView(TypedDict):
    """How this server is set up."""

    version: str
    public_url: str
    """Where links and callbacks start."""
    storage: str
    """`embedded` or `postgres`."""
    nodes: int
    """Nodes on this storage."""
    dev: bool
    """Whether loopback and plain http are allowed outwards."""
    playground: bool
    retention_s: int
    """Events, deliveries and attempts are kept so many seconds."""
    integrations: list[IntegrationView]


class SlackInteraction(TypedDict):
    """What Slack sends."""

    payload: str
    """An interaction payload of Slack, as JSON."""


class SpendPart(TypedDict):
    """What was spent since midnight, UTC."""

    total_usd: Decimal
    by_vendor: list[VendorPart]
    """The 8 vendors that were paid most."""


class SpendPoint(TypedDict):
    """One step in the course of time."""

    at: Timestamp
    """When it begins."""
    spent_usd: Decimal
    """Spent less what came back."""
    count: int
    """Purchases."""


class SpendSeries(TypedDict):
    """What was spent, in the course of time."""

    bucket: str
    """`minute`, `hour` or `day`, in UTC."""
    since: Timestamp
    """Where the first one begins: at or before what was asked for, so that it is whole."""
    until: Timestamp
    points: list[SpendPoint]
    """One for each step, also where nothing was spent."""


class _SpendShare(TypedDict):
    spent_usd: Decimal
    """Spent less what came back."""
    count: int
    """Purchases."""


class SpendShare(_SpendShare, total=False):
    """One part of what was spent. By what it is split has the name of its part; null for what
    has none."""

    vendor: str | None
    wallet_id: str | None
    name: str | None
    """What people call the wallet."""
    agent_id: str | None
    category: str | None


class _SpendSplit(TypedDict):
    by: str
    """`vendor`, `wallet`, `agent` or `category`."""
    until: Timestamp
    total_usd: Decimal
    """Of all parts, also of those that are left out."""
    count: int
    truncated: bool
    """Whether parts are left out: those with the least."""


class SpendSplit(_SpendSplit, total=False):
    """What was spent, split, most first. The list has the name of its parts."""

    since: Timestamp | None
    """Null for all time."""
    vendors: list[SpendShare] | None
    wallets: list[SpendShare] | None
    agents: list[SpendShare] | None
    categories: list[SpendShare] | None


class Spike(TypedDict):
    """When a minute's spending is a spike."""

    ratio: int
    floor_usd: Decimal


class SpikeForm(TypedDict, total=False):
    """When a minute's spending is a spike: more than so many times the median minute, and more
    than the floor."""

    ratio: int | None
    """10 if absent."""
    floor_usd: Usd
    """5.00 if absent."""


class _TestAnswer(TypedDict):
    ok: bool
    """Whether it answered 2xx."""
    event_id: str
    delivery_id: str


class TestAnswer(_TestAnswer, total=False):
    """What came back."""

    status: int | None
    """The status answered."""
    error: str | None
    """What went wrong, in words."""
    latency_ms: Decimal | None


class TrialView(TypedDict):
    """What came of a trial."""

    ok: bool
    detail: str
    """In a sentence."""


class _TypeList(TypedDict):
    event_types: list[TypeView]


class TypeList(_TypeList, total=False):
    """Event types: the workspace's own by name, then the built-in ones."""

    next_cursor: str | None


class _TypeView(TypedDict):
    name: str
    version: int
    built_in: bool


class TypeView(_TypeView, total=False):
    """An event type."""

    description: str | None
    schema: dict[str, Any] | None
    example: dict[str, Any] | None
    """Valid data, for built-in types."""


class VendorPart(TypedDict):
    """What one vendor was paid."""

    vendor: str
    spent_usd: Decimal


class VoidForm(TypedDict):
    """Nothing has to be said."""


class _Wallet(TypedDict):
    id: str
    wallet_id: str
    name: str
    depth: int
    """1 for a wallet with none above it."""
    budget_usd: Decimal
    spent_usd: Decimal
    """Captured less refunded, in this period."""
    held_usd: Decimal
    """Set aside by holds."""
    available_usd: Decimal
    """What is left of its own budget."""
    window: str
    """`total`, `daily` or `monthly`."""
    tz: str
    status: str
    """`active` or `frozen`."""
    limits: Limits
    thresholds: list[int]
    """Percents of the budget that are told when they are passed."""
    sandbox: bool
    """Whether its money is play money."""
    denied_count: int
    """Refusals for lack of budget since the last success, change or reset."""
    created_at: Timestamp
    updated_at: Timestamp


class Wallet(_Wallet, total=False):
    """A wallet, as it stands now."""

    namespace: str | None
    agent_id: str | None
    """The agent that spends from it."""
    parent_id: str | None
    """The wallet above it, in whose budget its spending must fit too."""
    resets_at: Timestamp | None
    """When the budget starts anew; null if never."""
    status_reason: str | None
    """Why it is frozen."""
    policy_id: str | None
    """The policy that it, and all below it, is spent by."""


class _WalletChange(TypedDict):
    reason: str
    """Why; it is kept in the audit log."""


class WalletChange(_WalletChange, total=False):
    """What is to change of a wallet. Absent fields keep what is there."""

    name: str | None
    """What people call it."""
    budget_usd: Usd
    """How much may be spent in a period. Less than is spent is allowed: it leaves nothing."""
    limits: LimitsForm | None
    """How fast it may be spent, all of it anew; null for what every wallet has."""
    thresholds: list[int] | None
    """Percents of the budget that are told when they are passed: rising, 1 to 100."""
    policy_id: str | None
    """The policy that it, and all below it, is spent by; null for none."""
    status: str | None
    """`active` or `frozen`."""
    parent_id: str | None
    """Cannot be changed."""
    window: str | None
    """Cannot be changed."""
    tz: str | None
    """Cannot be changed."""
    sandbox: bool | None
    """Cannot be changed."""
    namespace: str | None
    """Cannot be changed."""
    agent_id: str | None
    """Cannot be changed."""


class _WalletForm(TypedDict):
    name: str
    """What people call it."""
    budget_usd: Usd
    """How much may be spent in a period."""


class WalletForm(_WalletForm, total=False):
    """A wallet to be made."""

    namespace: str | None
    """Which customer's; its parent's if absent."""
    agent_id: str | None
    """The agent that spends from it."""
    parent_id: str | None
    """The wallet above it, in whose budget its spending must fit too. At most 8 deep; cannot be
    changed."""
    window: str | None
    """`total` (never starts anew; if absent), `daily` or `monthly`."""
    tz: str | None
    """Whose midnight ends a day or a month: an IANA time zone; `UTC` if absent."""
    limits: LimitsForm | None
    """How fast it may be spent."""
    thresholds: list[int] | None
    """Percents of the budget that are told when they are passed: rising, 1 to 100; 50, 80 and
    95 if absent."""
    policy_id: str | None
    """The policy that it, and all below it, is spent by."""
    sandbox: bool | None
    """Whether its money is play money."""


class _WalletFrozen(Problem):
    wallet_id: str
    """The wallet that was to pay."""
    frozen_wallet_id: str
    """The one that is frozen: it, or one above it."""


class WalletFrozen(_WalletFrozen, total=False):
    """A wallet is frozen (RFC 9457, `application/problem+json`)."""

    reason: str | None
    """Why it is frozen."""
    rule: str | None
    """The limit that this request passed and that froze it."""


class _WalletList(TypedDict):
    wallets: list[Wallet]


class WalletList(_WalletList, total=False):
    """Wallets, newest first."""

    next_cursor: str | None


class _WorkspaceList(TypedDict):
    workspaces: list[WorkspaceView]


class WorkspaceList(_WorkspaceList, total=False):
    """Workspaces, newest first."""

    next_cursor: str | None


class _WorkspaceView(TypedDict):
    id: str
    name: str
    created_at: Timestamp


class WorkspaceView(_WorkspaceView, total=False):
    """A workspace."""

    api_key: str | None
    """The secret of its admin key, once."""
