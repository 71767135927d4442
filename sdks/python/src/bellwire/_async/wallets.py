"""Wallets, and what was spent from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._request import OMIT, Omit, Since, changes, given, moment
from ..money import Usd, usd
from .paging import AsyncPager
from .transport import AsyncTransport

if TYPE_CHECKING:
    from .. import models


class AsyncWallets(AsyncTransport):
    """Budgets."""

    async def create_wallet(
        self,
        *,
        name: str,
        budget_usd: Usd,
        namespace: str | None = None,
        agent_id: str | None = None,
        parent_id: str | None = None,
        window: str | None = None,
        tz: str | None = None,
        limits: models.LimitsForm | None = None,
        thresholds: Sequence[int] | None = None,
        policy_id: str | None = None,
        sandbox: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.Wallet:
        """Makes a wallet. `window` is `total` (prepaid, the default), `daily` or `monthly`."""
        return await self._request(
            "POST",
            "/v1/wallets",
            body=given(
                name=name,
                budget_usd=usd(budget_usd),
                namespace=namespace,
                agent_id=agent_id,
                parent_id=parent_id,
                window=window,
                tz=tz,
                limits=limits,
                thresholds=thresholds,
                policy_id=policy_id,
                sandbox=sandbox,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_wallets(
        self,
        *,
        namespace: str | None = None,
        agent_id: str | None = None,
        parent_id: str | None = None,
        status: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.Wallet]:
        """Newest first."""
        return self._paged(
            "GET",
            "/v1/wallets",
            "wallets",
            query={
                "namespace": namespace,
                "agent_id": agent_id,
                "parent_id": parent_id,
                "status": status,
                "cursor": cursor,
                "limit": limit,
            },
        )

    async def update_wallet(
        self,
        wallet_id: str,
        *,
        reason: str,
        name: str | Omit = OMIT,
        budget_usd: Usd | Omit = OMIT,
        limits: models.LimitsForm | Omit | None = OMIT,
        thresholds: Sequence[int] | Omit | None = OMIT,
        policy_id: str | Omit | None = OMIT,
        status: str | Omit = OMIT,
        idempotency_key: str | None = None,
    ) -> models.Wallet:
        """Changes what is given; `status` is `active` or `frozen`. The reason goes into the audit
        log."""
        return await self._request(
            "PATCH",
            "/v1/wallets/{wallet_id}",
            path={"wallet_id": wallet_id},
            body=changes(
                reason=reason,
                name=name,
                budget_usd=OMIT if isinstance(budget_usd, Omit) else usd(budget_usd),
                limits=limits,
                thresholds=thresholds,
                policy_id=policy_id,
                status=status,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_purchases(
        self,
        *,
        wallet_id: str | None = None,
        namespace: str | None = None,
        status: str | None = None,
        agent_id: str | None = None,
        vendor: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.Purchase]:
        """Everybody's purchases, newest first."""
        return self._paged(
            "GET",
            "/v1/purchases",
            "purchases",
            query={
                "wallet_id": wallet_id,
                "namespace": namespace,
                "status": status,
                "agent_id": agent_id,
                "vendor": vendor,
                "since": moment(since),
                "until": moment(until),
                "cursor": cursor,
                "limit": limit,
            },
        )

    async def refund_purchase(
        self,
        purchase_id: str,
        *,
        reason: str,
        amount_usd: Usd | None = None,
        idempotency_key: str | None = None,
    ) -> models.Refund:
        """Gives back some of a purchase, or all that is left of it."""
        return await self._request(
            "POST",
            "/v1/purchases/{purchase_id}/refund",
            path={"purchase_id": purchase_id},
            body=given(amount_usd=None if amount_usd is None else usd(amount_usd), reason=reason),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def spend_by_vendor(
        self,
        *,
        since: Since | None = None,
        until: Since | None = None,
        namespace: str | None = None,
        wallet_id: str | None = None,
        limit: int | None = None,
    ) -> models.SpendSplit:
        """What was spent by vendor, most first, in `vendors`."""
        return await self._request(
            "GET",
            "/v1/spend/by-vendor",
            query={
                "since": moment(since),
                "until": moment(until),
                "namespace": namespace,
                "wallet_id": wallet_id,
                "limit": limit,
            },
        )

    async def spend_by_wallet(
        self,
        *,
        since: Since | None = None,
        until: Since | None = None,
        namespace: str | None = None,
        wallet_id: str | None = None,
        limit: int | None = None,
    ) -> models.SpendSplit:
        """What was spent by wallet, most first, in `wallets`."""
        return await self._request(
            "GET",
            "/v1/spend/by-wallet",
            query={
                "since": moment(since),
                "until": moment(until),
                "namespace": namespace,
                "wallet_id": wallet_id,
                "limit": limit,
            },
        )

    async def spend_by_agent(
        self,
        *,
        since: Since | None = None,
        until: Since | None = None,
        namespace: str | None = None,
        wallet_id: str | None = None,
        limit: int | None = None,
    ) -> models.SpendSplit:
        """What was spent by agent, most first, in `agents`."""
        return await self._request(
            "GET",
            "/v1/spend/by-agent",
            query={
                "since": moment(since),
                "until": moment(until),
                "namespace": namespace,
                "wallet_id": wallet_id,
                "limit": limit,
            },
        )

    async def spend_by_category(
        self,
        *,
        since: Since | None = None,
        until: Since | None = None,
        namespace: str | None = None,
        wallet_id: str | None = None,
        limit: int | None = None,
    ) -> models.SpendSplit:
        """What was spent by category, most first, in `categories`."""
        return await self._request(
            "GET",
            "/v1/spend/by-category",
            query={
                "since": moment(since),
                "until": moment(until),
                "namespace": namespace,
                "wallet_id": wallet_id,
                "limit": limit,
            },
        )

    async def spend_over_time(
        self,
        *,
        bucket: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        namespace: str | None = None,
        wallet_id: str | None = None,
    ) -> models.SpendSeries:
        """What was spent in each `minute`, `hour` or `day`."""
        return await self._request(
            "GET",
            "/v1/spend/timeseries",
            query={
                "bucket": bucket,
                "since": moment(since),
                "until": moment(until),
                "namespace": namespace,
                "wallet_id": wallet_id,
            },
        )
