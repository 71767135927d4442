"""Policies: what may be bought without asking, with asking, and not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._request import OMIT, Omit, Since, changes, given, moment
from ..money import Usd, usd
from .paging import AsyncPager
from .transport import AsyncTransport

if TYPE_CHECKING:
    from .. import models

Rules = Sequence[Mapping[str, Any]]


class AsyncPolicies(AsyncTransport):
    """Policies. See also `Policy` and `AsyncPolicyEngine`."""

    async def create_policy(
        self,
        *,
        name: str,
        rules: Rules,
        default: str | None = None,
        agents: Sequence[str] | None = None,
        namespaces: Sequence[str] | None = None,
        namespace: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Policy:
        """Saves a policy; every fault of its rules is told at once."""
        return await self._request(
            "POST",
            "/v1/policies",
            body=given(
                name=name,
                rules=list(rules),
                default=default,
                agents=agents,
                namespaces=namespaces,
                namespace=namespace,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_policies(
        self,
        *,
        namespace: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.Policy]:
        """Newest first."""
        return self._paged(
            "GET",
            "/v1/policies",
            "policies",
            query={"namespace": namespace, "cursor": cursor, "limit": limit},
        )

    async def get_policy(self, policy_id: str) -> models.Policy:
        """One policy, in its present version."""
        return await self._request("GET", "/v1/policies/{policy_id}", path={"policy_id": policy_id})

    async def replace_policy(
        self,
        policy_id: str,
        *,
        name: str,
        rules: Rules,
        default: str | None = None,
        agents: Sequence[str] | None = None,
        namespaces: Sequence[str] | None = None,
        namespace: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Policy:
        """A new version, all of it anew."""
        return await self._request(
            "PUT",
            "/v1/policies/{policy_id}",
            path={"policy_id": policy_id},
            body=given(
                name=name,
                rules=list(rules),
                default=default,
                agents=agents,
                namespaces=namespaces,
                namespace=namespace,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def update_policy(
        self,
        policy_id: str,
        *,
        name: str | Omit = OMIT,
        rules: Rules | Omit = OMIT,
        default: str | Omit = OMIT,
        agents: Sequence[str] | Omit = OMIT,
        namespaces: Sequence[str] | Omit = OMIT,
        namespace: str | Omit | None = OMIT,
        idempotency_key: str | None = None,
    ) -> models.Policy:
        """A new version, with what is given changed."""
        return await self._request(
            "PATCH",
            "/v1/policies/{policy_id}",
            path={"policy_id": policy_id},
            body=changes(
                name=name,
                rules=rules,
                default=default,
                agents=agents,
                namespaces=namespaces,
                namespace=namespace,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def delete_policy(self, policy_id: str, *, idempotency_key: str | None = None) -> None:
        """Deletes a policy that is attached to nothing; its versions stay."""
        await self._request(
            "DELETE",
            "/v1/policies/{policy_id}",
            path={"policy_id": policy_id},
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_policy_versions(
        self, policy_id: str, *, cursor: str | None = None, limit: int | None = None
    ) -> AsyncPager[models.Policy]:
        """All versions, newest first."""
        return self._paged(
            "GET",
            "/v1/policies/{policy_id}/versions",
            "versions",
            path={"policy_id": policy_id},
            query={"cursor": cursor, "limit": limit},
        )

    async def evaluate_policy(
        self,
        policy_id: str,
        *,
        amount_usd: Usd,
        vendor: str,
        description: str | None = None,
        category: str | None = None,
        memo: str | None = None,
        rail: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        wallet_id: str | None = None,
        agent_id: str | None = None,
        at: Since | None = None,
        rules: Rules | None = None,
        default: str | None = None,
    ) -> models.PolicyDecision:
        """What would come of a request, and what each rule makes of it. Nothing is written. `rules`
        and `default` take the place of those that are saved."""
        return await self._request(
            "POST",
            "/v1/policies/{policy_id}/evaluate",
            path={"policy_id": policy_id},
            body=given(
                amount_usd=usd(amount_usd),
                vendor=vendor,
                description=description,
                category=category,
                memo=memo,
                rail=rail,
                run_id=run_id,
                metadata=metadata,
                wallet_id=wallet_id,
                agent_id=agent_id,
                at=moment(at),
                rules=rules,
                default=default,
            ),
            repeatable=True,
        )

    async def replay_policy(
        self,
        policy_id: str,
        *,
        since: Since,
        until: Since | None = None,
        rules: Rules | None = None,
        default: str | None = None,
        wallet_id: str | None = None,
    ) -> models.PolicyReport:
        """What would have come out otherwise of everything that was asked for since."""
        return await self._request(
            "POST",
            "/v1/policies/{policy_id}/replay",
            path={"policy_id": policy_id},
            body=given(
                since=moment(since),
                until=moment(until),
                rules=rules,
                default=default,
                wallet_id=wallet_id,
            ),
            repeatable=True,
        )
