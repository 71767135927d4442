# Made by scripts/generate_sync.py of _async/approvals.py: change that.
"""Approvals: asking people, waiting for them, deciding."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .._request import Span, check_decision, given, seconds_of, span
from ..errors import ApprovalPending, not_given
from ..money import Usd, usd
from .paging import Pager
from .transport import Transport

if TYPE_CHECKING:
    from .. import models

# The longest that one request waits.
_WAIT_S = 30


class Asking(Transport):
    """What an agent does with approvals."""

    def request_approval(
        self,
        *,
        title: str,
        action: str,
        details: Mapping[str, Any] | None = None,
        timeout: Span | None = None,
        channels: Sequence[str] | None = None,
        approvers: Sequence[str] | None = None,
        quorum: int | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        namespace: str | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Approval:
        """Asks people about anything: `title` for them, `action` for programs. The answer is bound to
        exactly these `details`. Silence for `timeout` (15 minutes) is a no."""
        return self._request(
            "POST",
            "/v1/approvals",
            body=given(
                title=title,
                action=action,
                details=details,
                timeout=span(timeout),
                channels=channels,
                approvers=approvers,
                quorum=quorum,
                agent_id=agent_id,
                run_id=run_id,
                namespace=namespace,
                callback_url=callback_url,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def get_approval(self, approval_id: str, *, wait: Span | None = None) -> models.ApprovalWhole:
        """One approval. With `wait` (60 s at most) once it is decided, or the wait is over."""
        return self._request(
            "GET",
            "/v1/approvals/{approval_id}",
            path={"approval_id": approval_id},
            query={"wait": span(wait)},
            patience_s=seconds_of(wait or 0),
        )

    def wait_for_approval(
        self, approval_id: str, *, timeout: Span | None = None
    ) -> models.ApprovalWhole:
        """The approval, once it is approved. Raises ApprovalDenied, ApprovalExpired,
        ApprovalUndeliverable or ApprovalCancelled if there is no yes, and ApprovalPending after
        `timeout`. Without a timeout it waits as long as the approval runs."""
        end = None if timeout is None else time.monotonic() + seconds_of(timeout)
        while True:
            left = _WAIT_S if end is None else min(_WAIT_S, max(0, int(end - time.monotonic())))
            approval = self.get_approval(approval_id, wait=left)
            if approval["status"] == "approved":
                return approval
            if approval["status"] != "pending":
                raise not_given(approval)
            if end is not None and time.monotonic() >= end - 1:
                raise ApprovalPending(approval_id)

    def cancel_approval(
        self, approval_id: str, *, reason: str | None = None, idempotency_key: str | None = None
    ) -> models.Approval:
        """Takes the question back."""
        return self._request(
            "POST",
            "/v1/approvals/{approval_id}/cancel",
            path={"approval_id": approval_id},
            body=given(reason=reason),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def consume_approval(self, approval_id: str, *, action_digest: str) -> models.Approval:
        """Uses the approval, right before doing what was approved: it works once, for the digest of
        exactly that. After anything but an answer, do not do it."""
        return self._request(
            "POST",
            "/v1/approvals/{approval_id}/consume",
            path={"approval_id": approval_id},
            body=given(action_digest=action_digest),
        )


class Deciding(Transport):
    """What people do with approvals."""

    def list_approvals(
        self,
        *,
        status: str | None = None,
        agent_id: str | None = None,
        namespace: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Pager[models.Approval]:
        """Newest first."""
        return self._paged(
            "GET",
            "/v1/approvals",
            "approvals",
            query={
                "status": status,
                "agent_id": agent_id,
                "namespace": namespace,
                "cursor": cursor,
                "limit": limit,
            },
        )

    def decide_approval(
        self,
        approval_id: str,
        *,
        decision: Literal["approve", "deny"],
        reason: str,
        approver: str | None = None,
        amount_usd: Usd | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> models.Approval:
        """Decides: `approve` or `deny`. `amount_usd` and `details` allow less than was asked for;
        `approver` is a note. The same decision again is answered with the first. A blank reason is
        refused here: the server would take it for a denial."""
        check_decision(decision, reason)
        return self._request(
            "POST",
            "/v1/approvals/{approval_id}",
            path={"approval_id": approval_id},
            body=given(
                decision=decision,
                reason=reason,
                approver=approver,
                approval_id=approval_id,
                amount_usd=None if amount_usd is None else usd(amount_usd),
                details=details,
            ),
            repeatable=True,
        )
