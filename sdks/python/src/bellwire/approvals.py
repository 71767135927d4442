"""Approvals as a receiver sees them: a question, and the decision on its way back.

A decision is signed with the secret of the endpoint that was asked; it needs no key.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from . import _json
from ._request import check_decision
from .dedupe import DuplicateStore
from .errors import AlreadyDecided, APIError, BellwireError, TransportError, error_of
from .money import Usd, usd
from .webhooks import BadSecret, WebhookEvent, parse_time, sign_webhook

if TYPE_CHECKING:
    from .event_data import ApprovalRequested, ApprovalRequestedTransaction

T = TypeVar("T")
log = logging.getLogger("bellwire.approvals")

RETRY_DELAYS_S = (1.0, 5.0, 30.0, 120.0, 600.0)
"""When a decision that did not get through is sent again."""
# The first try is made while the delivery waits, which is given up after 5 s.
_FIRST_TRY_S = 3.0
_TRY_S = 10.0
_ASKED_MAX_S = 3600.0


class Decision:
    """A decision on its way. The server has it when `wait` returns."""

    def __init__(self) -> None:
        self._future: Future[dict[str, Any]] = Future()

    def done(self) -> bool:
        """Whether the server has it, or refused it."""
        return self._future.done()

    def _is_told(self) -> bool:
        """Whether there is nothing left to send."""
        if not self._future.done():
            return False
        fault = self._future.exception()
        return fault is None or isinstance(fault, AlreadyDecided)

    def wait(self, timeout: float | None = None) -> dict[str, Any]:
        """The approval as it was decided. Raises AlreadyDecided if somebody was first, another
        APIError or TransportError if it could not be told, TimeoutError after `timeout` seconds."""
        try:
            return self._future.result(timeout)
        except FutureTimeout:
            # Until Python 3.11 these were two.
            raise TimeoutError("the decision is still on its way") from None


class ApprovalEvent:
    """A question to a human: one `approval.requested`."""

    def __init__(
        self,
        event: WebhookEvent,
        *,
        secret: str | None,
        store: DuplicateStore,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        self.event = event
        """The event that asked."""
        self.data: ApprovalRequested = event.data
        """All of the question."""
        self._secret = secret
        self._store = store
        self._retry_delays_s = tuple(retry_delays_s)
        self._remembered: list[str] = []
        self._decisions: list[Decision] = []
        self._already: AlreadyDecided | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.approval_id!r})"

    @property
    def approval_id(self) -> str:
        """The same on every attempt: what to recognise it by."""
        return self.data["approval_id"]

    @property
    def transaction(self) -> ApprovalRequestedTransaction | None:
        """What would be bought: `amount_usd`, `vendor`, `category`, `memo`, `rail`. None if the
        question is not about money."""
        return self.data.get("transaction")

    @property
    def title(self) -> str:
        """The question, for people."""
        return self.data.get("title") or self.approval_id

    @property
    def expires_at(self) -> datetime | None:
        """When silence becomes a no."""
        return parse_time(self.data.get("expires_at"))

    @property
    def callback_url(self) -> str:
        """Where decisions go."""
        return self.data["callback_url"]

    def is_duplicate(self, key: str | None = None) -> bool:
        """Whether this was asked before, under `key` (the approval's id if absent). If the handler
        fails after that, it is forgotten, so that the next attempt is not a duplicate."""
        key = key or self.approval_id
        if not self._store.add(key):
            return True
        self._remembered.append(key)
        return False

    def approve(
        self,
        reason: str = "approved",
        *,
        approver: str | None = None,
        amount_usd: Usd | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Decision:
        """Allows it, or less of it (`amount_usd`, `details`). `approver` is a note.

        Sent at once, and again after 1 s, 5 s, 30 s, 2 min and 10 min if it does not get through: the
        decision that is returned tells. If that is not over when the handler returns, the delivery is
        answered with 503, and the server asks again by its own schedule, whatever becomes of this
        process. Raises AlreadyDecided if somebody decided otherwise before; a handler need not catch
        it.
        """
        return self._decide("approve", reason, approver, amount_usd, details)

    def deny(self, reason: str = "denied", *, approver: str | None = None) -> Decision:
        """Refuses it. Sent as `approve` is."""
        return self._decide("deny", reason, approver, None, None)

    def is_told(self) -> bool:
        """Whether the server has all that was decided through this object."""
        return all(decision._is_told() for decision in self._decisions)

    def is_ended_by(self, error: AlreadyDecided) -> bool:
        """Whether `error` says that this approval, and not another, was decided before."""
        approval = error.approval if isinstance(error.approval, dict) else {}
        return error is self._already or approval.get("id") == self.approval_id

    def forget(self) -> None:
        """Forgets what `is_duplicate` remembered."""
        for key in self._remembered:
            self._store.discard(key)
        self._remembered.clear()

    def _decide(
        self,
        decision: str,
        reason: str,
        approver: str | None,
        amount_usd: Usd | None,
        details: Mapping[str, Any] | None,
    ) -> Decision:
        check_decision(decision, reason)
        members: dict[str, Any] = {
            "approval_id": self.approval_id,
            "decision": decision,
            "reason": reason,
        }
        if approver is not None:
            members["approver"] = approver
        if amount_usd is not None:
            members["amount_usd"] = usd(amount_usd)
        if details is not None:
            members["details"] = details
        body = _json.encoded(members)
        made = Decision()
        try:
            made._future.set_result(self._send(body, _FIRST_TRY_S))
        except AlreadyDecided as error:
            self._already = error
            raise
        except (TransportError, APIError) as error:
            if not _is_passing(error):
                raise
            log.warning("%s is decided, but not told yet: %s", self.approval_id, error)
            self._decisions.append(made)
            threading.Thread(
                target=self._keep_sending,
                args=(made, body, error),
                name=f"decide-{self.approval_id}",
                daemon=True,
            ).start()
        return made

    def _keep_sending(self, made: Decision, body: bytes, error: BellwireError) -> None:
        for delay in self._retry_delays_s:
            asked = error.retry_after if isinstance(error, APIError) else None
            threading.Event().wait(max(delay, min(float(asked or 0), _ASKED_MAX_S)))
            try:
                made._future.set_result(self._send(body, _TRY_S))
                return
            except (TransportError, APIError) as fault:
                error = fault
                if not _is_passing(fault):
                    break
            except BaseException as fault:
                # Whatever it is, whoever waits is to know.
                made._future.set_exception(fault)
                raise
        log.error("the decision about %s was not taken: %s", self.approval_id, error)
        made._future.set_exception(error)

    def _send(self, body: bytes, timeout_s: float) -> dict[str, Any]:
        import httpx

        from ._sync.seams import exchange

        if self._secret is None:
            raise BadSecret("decisions are signed with a secret (whsec_…), and there is none")
        # Signed anew each time: a signature is good for five minutes.
        headers = sign_webhook(secret=self._secret, body=body, id=self.approval_id)
        headers["content-type"] = "application/json"
        url = self.callback_url
        try:
            with httpx.Client(timeout=timeout_s) as http:
                request = http.build_request("POST", url, content=body, headers=headers)
                answer = exchange(http, request, timeout_s)
        except httpx.RequestError as error:
            raise TransportError(f"no answer from {url} ({type(error).__name__})") from error
        except (httpx.InvalidURL, UnicodeError) as error:
            raise BellwireError(f"callback_url is not a URL: {url!r}") from error
        try:
            told = _json.loads(answer.content)
        except ValueError:
            told = None
        if not answer.is_success:
            raise error_of(answer.status_code, told, answer.headers)
        return told if isinstance(told, dict) else {}


class AsyncApprovalEvent(ApprovalEvent):
    """A question to a human, for handlers that are `async`."""

    async def approve(  # type: ignore[override]
        self,
        reason: str = "approved",
        *,
        approver: str | None = None,
        amount_usd: Usd | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Decision:
        """As `ApprovalEvent.approve`."""
        return await in_thread(
            lambda: self._decide("approve", reason, approver, amount_usd, details)
        )

    async def deny(  # type: ignore[override]
        self, reason: str = "denied", *, approver: str | None = None
    ) -> Decision:
        """As `ApprovalEvent.deny`."""
        return await in_thread(lambda: self._decide("deny", reason, approver, None, None))


def _is_passing(error: BellwireError) -> bool:
    """Whether the same may go well later."""
    if not isinstance(error, APIError):
        return True
    return error.status in (408, 429) or error.status >= 500


async def in_thread(call: Callable[[], T]) -> T:
    from anyio import to_thread

    return await to_thread.run_sync(call)
