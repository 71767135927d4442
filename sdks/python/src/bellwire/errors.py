"""What can go wrong, as types.

`APIError` is an answer of the server: an RFC 9457 problem, whose members are all kept. Its
subclasses are the refusals that a program reacts to. `TransportError` is the absence of an answer.
None of them holds a key, a header of the request or its body.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any


class BellwireError(Exception):
    """Everything that the client raises by itself."""


class TransportError(BellwireError):
    """No answer: the server cannot be reached, took too long, or broke off. Whether it did what it
    was asked to is not known, unless the request was repeated under its idempotency key."""

    idempotency_key: str | None = None
    """What the request was sent under: ask again with it, and nothing is done twice."""


class APIError(BellwireError):
    """The server refused. `code` is the stable name of why."""

    def __init__(
        self,
        status: int,
        problem: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.problem = dict(problem)
        """The whole body."""
        self.code = str(problem.get("code", f"http_{status}"))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", self.title))
        self.request_id = _text(problem.get("request_id"))
        """What the server's log knows the request by."""
        errors = problem.get("errors")
        self.errors: list[dict[str, str]] = list(errors) if isinstance(errors, list) else []
        """For 400 and 422: `field` and `detail` of every fault."""
        self.retry_after = retry_after_s(headers or {})
        """In so many seconds the server wants to be asked again."""
        message = f"{status} {self.code}: {self.detail}"
        super().__init__(f"{message} ({self.request_id})" if self.request_id else message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.status, self.problem, self.retry_after)


class BadRequest(APIError):
    """400, 413: the request cannot be read, or is too large."""


class Unauthorized(APIError):
    """401: the key is missing or wrong."""


class BudgetExhausted(APIError):
    """402: a budget is short. It cannot be paid away and is not to be retried: ask a human, or wait
    until `resets_at`."""

    def __init__(self, status: int, problem: Mapping[str, Any], **more: Any) -> None:
        super().__init__(status, problem, **more)
        self.wallet_id = str(problem.get("wallet_id", ""))
        """The wallet that was to pay."""
        self.blocking_wallet_id = str(problem.get("blocking_wallet_id", self.wallet_id))
        """The one whose budget is short: it, or one above it."""
        self.budget_limit_usd = _amount(problem.get("budget_limit_usd"))
        self.spent_usd = _amount(problem.get("spent_usd"))
        self.held_usd = _amount(problem.get("held_usd"))
        self.requested_usd = _amount(problem.get("requested_usd"))
        self.available_usd = _amount(problem.get("available_usd"))
        self.resets_at = _time(problem.get("resets_at"))
        """When the budget starts anew; None if never."""


class Forbidden(APIError):
    """403: the key is known but may not."""


class PolicyDenied(Forbidden):
    """403: a policy does not allow it."""

    def __init__(self, status: int, problem: Mapping[str, Any], **more: Any) -> None:
        super().__init__(status, problem, **more)
        self.policy_id = _text(problem.get("policy_id"))
        self.policy_version: int | None = problem.get("policy_version")
        self.rule = _text(problem.get("rule"))
        self.wallet_id = _text(problem.get("wallet_id"))


class LimitExceeded(Forbidden):
    """403: a limit of a wallet (per transaction, per minute, repeats) refuses it."""

    def __init__(self, status: int, problem: Mapping[str, Any], **more: Any) -> None:
        super().__init__(status, problem, **more)
        self.limited_wallet_id = _text(problem.get("limited_wallet_id"))
        self.rule = _text(problem.get("rule"))


class ApprovalNotGiven(Forbidden):
    """403: people were asked, and there is no yes. Silence is not consent: do not try again."""

    def __init__(self, status: int, problem: Mapping[str, Any], **more: Any) -> None:
        super().__init__(status, problem, **more)
        self.approval_id = _text(problem.get("approval_id"))
        self.reason = _text(problem.get("reason"))
        """Why, in the words of who decided."""


class ApprovalDenied(ApprovalNotGiven):
    """Somebody said no."""


class ApprovalExpired(ApprovalNotGiven):
    """Nobody answered in time."""


class ApprovalUndeliverable(ApprovalNotGiven):
    """Nobody could be asked."""


class ApprovalCancelled(ApprovalNotGiven):
    """Whoever asked took it back."""


class NotFound(APIError):
    """404: there is no such thing, as far as this key can see."""


class Conflict(APIError):
    """409: the state or an idempotency key is in the way."""


class IdempotencyConflict(Conflict):
    """409: the idempotency key was used for another request."""


class HoldEnded(Conflict):
    """409: the hold was captured, voided, failed or expired before."""


class AlreadyDecided(Conflict):
    """409: the approval has ended otherwise; `approval` is how."""

    def __init__(self, status: int, problem: Mapping[str, Any], **more: Any) -> None:
        super().__init__(status, problem, **more)
        self.approval: dict[str, Any] | None = problem.get("approval")


class ApprovalUnusable(Conflict):
    """409: the approval cannot be used for this: it is pending, was used before, was given too long
    ago, or for something else (`code` says which)."""


class Invalid(APIError):
    """422: well formed and impossible; `errors` has every fault."""


class WalletFrozen(APIError):
    """423: the wallet, or one above it, is frozen."""

    def __init__(self, status: int, problem: Mapping[str, Any], **more: Any) -> None:
        super().__init__(status, problem, **more)
        self.wallet_id = _text(problem.get("wallet_id"))
        self.frozen_wallet_id = _text(problem.get("frozen_wallet_id"))
        self.reason = _text(problem.get("reason"))
        self.rule = _text(problem.get("rule"))


class RateLimited(APIError):
    """429: too much at once."""


class ServerError(APIError):
    """5xx: a fault on the server's side."""


class Unavailable(ServerError):
    """503, 507: not now; nothing was written."""


class ApprovalRequired(BellwireError):
    """A policy asks a human first. Nothing was bought; the amount is set aside until they decide.

    Pass `wait=` to wait for them, or wait later with `wait_for_approval(error.approval_id)`.
    """

    def __init__(self, answer: Mapping[str, Any]) -> None:
        approval = answer["approval"]
        self.approval_id: str = approval["id"]
        self.purchase_id: str = answer["purchase"]["id"]
        self.expires_at = _time(approval.get("expires_at"))
        """When silence becomes a no."""
        self.answer = dict(answer)
        super().__init__(
            f"a human has to approve this until {approval.get('expires_at')}: {self.approval_id}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.answer,)


class ApprovalPending(BellwireError):
    """The wait is over and nobody has decided yet. The approval goes on: wait again."""

    def __init__(self, approval_id: str) -> None:
        super().__init__(f"{approval_id} is still pending")
        self.approval_id = approval_id


_BY_CODE: dict[str, type[APIError]] = {
    "policy_denied": PolicyDenied,
    "limit_exceeded": LimitExceeded,
    "approval_denied": ApprovalDenied,
    "approval_expired": ApprovalExpired,
    "approval_undeliverable": ApprovalUndeliverable,
    "approval_cancelled": ApprovalCancelled,
    "idempotency_conflict": IdempotencyConflict,
    "hold_ended": HoldEnded,
    "already_decided": AlreadyDecided,
    "approval_pending": ApprovalUnusable,
    "approval_mismatch": ApprovalUnusable,
    "already_consumed": ApprovalUnusable,
    "approval_lapsed": ApprovalUnusable,
}
_BY_STATUS: dict[int, type[APIError]] = {
    400: BadRequest,
    401: Unauthorized,
    402: BudgetExhausted,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: BadRequest,
    422: Invalid,
    423: WalletFrozen,
    429: RateLimited,
    503: Unavailable,
    507: Unavailable,
}


def error_of(status: int, problem: object, headers: Mapping[str, str] | None = None) -> APIError:
    """The error that an answer is. `problem` is its parsed body, whatever that is."""
    members = problem if isinstance(problem, Mapping) else {}
    kind = _BY_CODE.get(str(members.get("code"))) or _BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= 500 else APIError
    return kind(status, members, headers=headers)


def not_given(approval: Mapping[str, Any]) -> ApprovalNotGiven:
    """The error that an approval is which ended without a yes."""
    status = str(approval.get("status"))
    kind = _BY_CODE.get(f"approval_{status}", ApprovalNotGiven)
    problem = {
        "code": f"approval_{status}",
        "title": "It was not approved",
        "detail": approval.get("message") or f"the approval is {status}",
        "approval_id": approval.get("approval_id") or approval.get("id"),
        "reason": approval.get("reason"),
    }
    made = kind(403, problem)
    assert isinstance(made, ApprovalNotGiven)
    return made


def retry_after_s(headers: Mapping[str, str]) -> int | None:
    """`Retry-After` in seconds. The server sends no dates; what stands before it may."""
    value = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    at = _http_date(value)
    if at is None:
        return None
    now = _http_date(headers.get("date", "")) or datetime.now(timezone.utc)
    return max(0, math.ceil((at - now).total_seconds()))


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=timezone.utc)


def _rebuilt(
    kind: type[APIError], status: int, problem: dict[str, Any], retry_after: int | None
) -> APIError:
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return kind(status, problem, headers=headers)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _amount(value: object) -> Decimal:
    try:
        return Decimal(value) if isinstance(value, (int, str, Decimal)) else Decimal(0)
    except ArithmeticError:
        return Decimal(0)


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
