"""Spending: balances, purchases, holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._request import Since, Span, given, moment, span
from ..money import Usd, usd
from .paging import AsyncPager
from .transport import AsyncTransport

if TYPE_CHECKING:
    from .. import models


class AsyncSpend(AsyncTransport):
    """What an agent does with its wallet. See also `wallet()`."""

    async def get_wallet(self, wallet_id: str) -> models.Wallet:
        """One wallet, as it stands now."""
        return await self._request("GET", "/v1/wallets/{wallet_id}", path={"wallet_id": wallet_id})

    async def get_balance(self, wallet_id: str) -> models.Balance:
        """What is left: `available_usd` of its own budget, `spendable_usd` along the tree."""
        return await self._request(
            "GET", "/v1/wallets/{wallet_id}/balance", path={"wallet_id": wallet_id}
        )

    async def create_purchase(
        self,
        wallet_id: str,
        *,
        amount_usd: Usd,
        vendor: str,
        description: str,
        category: str | None = None,
        memo: str | None = None,
        rail: str | None = None,
        run_id: str | None = None,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Purchase | models.PurchaseAsked:
        """Buys. If a policy asks a human, the answer is `{"purchase", "approval"}` and nothing is
        bought yet: `Wallet.purchase` raises or waits then."""
        return await self._request(
            "POST",
            "/v1/wallets/{wallet_id}/purchases",
            path={"wallet_id": wallet_id},
            body=given(
                amount_usd=usd(amount_usd),
                vendor=vendor,
                description=description,
                category=category,
                memo=memo,
                rail=rail,
                run_id=run_id,
                agent_id=agent_id,
                metadata=metadata,
                callback_url=callback_url,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def get_purchase(self, purchase_id: str) -> models.PurchaseWithRefunds:
        """One purchase, with what was given back."""
        return await self._request(
            "GET", "/v1/purchases/{purchase_id}", path={"purchase_id": purchase_id}
        )

    def list_wallet_purchases(
        self,
        wallet_id: str,
        *,
        namespace: str | None = None,
        status: str | None = None,
        agent_id: str | None = None,
        vendor: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.Purchase]:
        """A wallet's purchases, newest first."""
        return self._paged(
            "GET",
            "/v1/wallets/{wallet_id}/purchases",
            "purchases",
            path={"wallet_id": wallet_id},
            query={
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

    async def create_hold(
        self,
        wallet_id: str,
        *,
        amount_usd: Usd,
        vendor: str,
        expires_in: Span | None = None,
        description: str | None = None,
        category: str | None = None,
        memo: str | None = None,
        rail: str | None = None,
        run_id: str | None = None,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Hold | models.PurchaseAsked:
        """Sets an amount aside, for 15 minutes if `expires_in` says nothing else. If a policy asks a
        human, the answer is `{"purchase", "hold", "approval"}`: `Wallet.hold` raises or waits then."""
        return await self._request(
            "POST",
            "/v1/wallets/{wallet_id}/holds",
            path={"wallet_id": wallet_id},
            body=given(
                amount_usd=usd(amount_usd),
                vendor=vendor,
                expires_in=span(expires_in),
                description=description,
                category=category,
                memo=memo,
                rail=rail,
                run_id=run_id,
                agent_id=agent_id,
                metadata=metadata,
                callback_url=callback_url,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def get_hold(self, hold_id: str) -> models.Hold:
        """One hold."""
        return await self._request("GET", "/v1/holds/{hold_id}", path={"hold_id": hold_id})

    async def capture_hold(
        self, hold_id: str, *, amount_usd: Usd | None = None, idempotency_key: str | None = None
    ) -> models.Hold:
        """Pays the hold, or less of it; the rest is released."""
        return await self._request(
            "POST",
            "/v1/holds/{hold_id}/capture",
            path={"hold_id": hold_id},
            body=given(amount_usd=None if amount_usd is None else usd(amount_usd)),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def void_hold(self, hold_id: str, *, idempotency_key: str | None = None) -> models.Hold:
        """Releases the hold."""
        return await self._request(
            "POST",
            "/v1/holds/{hold_id}/void",
            path={"hold_id": hold_id},
            body=given(),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def fail_hold(
        self,
        hold_id: str,
        *,
        error_code: str,
        error_message: str,
        idempotency_key: str | None = None,
    ) -> models.Hold:
        """Releases the hold and tells `purchase.failed`: the vendor or the network let it down."""
        return await self._request(
            "POST",
            "/v1/holds/{hold_id}/fail",
            path={"hold_id": hold_id},
            body=given(error_code=error_code, error_message=error_message),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_wallet_holds(
        self,
        wallet_id: str,
        *,
        namespace: str | None = None,
        status: str | None = None,
        agent_id: str | None = None,
        vendor: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.Hold]:
        """A wallet's holds, newest first."""
        return self._paged(
            "GET",
            "/v1/wallets/{wallet_id}/holds",
            "holds",
            path={"wallet_id": wallet_id},
            query={
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
