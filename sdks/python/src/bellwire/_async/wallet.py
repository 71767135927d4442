"""One wallet, to spend from."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from .._request import Span
from ..errors import ApprovalNotGiven, ApprovalRequired, BellwireError, Conflict, HoldEnded
from ..money import Usd
from .approvals import AsyncAsking
from .seams import Taking, kept, shield
from .spend import AsyncSpend

log = logging.getLogger("bellwire")
# How long a task that is being cancelled may stay for its hold to be made, and to void it.
_VOID_S = 10.0

if TYPE_CHECKING:
    from .. import models


class AsyncSpender(AsyncSpend, AsyncAsking):
    """A client that can spend."""

    def wallet(self, wallet_id: str) -> AsyncWallet:
        """The wallet to spend from. Asks the server nothing yet."""
        return AsyncWallet(self, wallet_id)


class AsyncWallet:
    """A wallet to spend from; `client.wallet(id)` makes one."""

    def __init__(self, client: AsyncSpender, wallet_id: str) -> None:
        self._client = client
        self.id = wallet_id

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    async def balance(self) -> models.Balance:
        """What is left."""
        return await self._client.get_balance(self.id)

    async def get(self) -> models.Wallet:
        """The wallet, as it stands now."""
        return await self._client.get_wallet(self.id)

    async def purchase(
        self,
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
        wait: Span | bool = False,
    ) -> models.Purchase:
        """Buys: once this returns, the money is spent.

        Raises BudgetExhausted, PolicyDenied, LimitExceeded or WalletFrozen if it may not. If a policy
        asks a human first it raises ApprovalRequired; with `wait` it waits for them instead (`True`:
        as long as they have), and raises ApprovalDenied and its like if there is no yes.
        """
        answer = await self._client.create_purchase(
            self.id,
            amount_usd=amount_usd,
            vendor=vendor,
            description=description,
            category=category,
            memo=memo,
            rail=rail,
            run_id=run_id,
            agent_id=agent_id,
            metadata=metadata,
            callback_url=callback_url,
            idempotency_key=idempotency_key,
        )
        if "purchase" not in answer:
            return answer
        asked = cast("models.PurchaseAsked", answer)
        await self._wait(asked, wait)
        return await self._client.get_purchase(asked["purchase"]["id"])

    def hold(
        self,
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
        wait: Span | bool = False,
    ) -> AsyncHolding:
        """An amount that is set aside for the length of a `with` block.

        A block that is left by an exception voids the hold. One that ends well captures it: all of
        it, unless the block captured a part, voided it or failed it. What was done is counted, so that
        nothing is overspent: a block that did nothing has to `void()`.

        Without a block, `take()` it (or await it, in async code) and capture or void it yourself.

        What may not be, and waiting for humans, is as for `purchase`; if the wait ends without an
        answer, or is cancelled, the question is taken back and the amount released.
        """
        terms: dict[str, Any] = {
            "amount_usd": amount_usd,
            "vendor": vendor,
            "expires_in": expires_in,
            "description": description,
            "category": category,
            "memo": memo,
            "rail": rail,
            "run_id": run_id,
            "agent_id": agent_id,
            "metadata": metadata,
            "callback_url": callback_url,
            "idempotency_key": idempotency_key,
        }
        return AsyncHolding(self, terms, wait)

    async def _take(self, terms: Mapping[str, Any], wait: Span | bool) -> AsyncHold:
        hold, asked = await kept(lambda: self._made(terms), self._undo, _VOID_S)
        if asked is None:
            return hold
        try:
            await self._wait(asked, wait)
            return AsyncHold(self._client, await self._client.get_hold(hold.id))
        except (ApprovalRequired, ApprovalNotGiven):
            # The one is for the caller to wait for; the other has ended the hold.
            raise
        except BaseException:
            await self._undo((hold, asked))
            raise

    async def _made(
        self, terms: Mapping[str, Any]
    ) -> tuple[AsyncHold, models.PurchaseAsked | None]:
        """A hold, and what people are asked about it."""
        try:
            answer = await self._client.create_hold(self.id, **terms)
        except Exception:
            raise
        except BaseException:
            # Nobody is left to be told: what was asked for may have been done all the same.
            log.warning("no answer about a hold of %s: if it was made it has to expire", self.id)
            raise
        if "purchase" not in answer:
            return AsyncHold(self._client, answer), None
        asked = cast("models.PurchaseAsked", answer)
        held = asked.get("hold")
        if held is None:
            raise BellwireError("the server asks about a hold and does not say which")
        return AsyncHold(self._client, held), asked

    async def _undo(self, made: tuple[AsyncHold, models.PurchaseAsked | None]) -> None:
        hold, asked = made
        await hold._release(None if asked is None else asked["approval"]["id"])

    async def _wait(self, asked: models.PurchaseAsked, wait: Span | bool) -> None:
        required = ApprovalRequired(asked)
        if wait is False:
            raise required
        timeout = None if wait is True else wait
        await self._client.wait_for_approval(required.approval_id, timeout=timeout)


class AsyncHold:
    """An amount that is set aside. The first of capture, void, fail and expiry counts; after that the
    others raise HoldEnded."""

    def __init__(self, client: AsyncSpender, answer: models.Hold) -> None:
        self._client = client
        self.answer = answer
        """The hold as the server last told it."""
        self.ended = False
        """Whether it was captured, voided or failed through this object."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.amount_usd}, {self.status!r})"

    @property
    def id(self) -> str:
        """`hld_…`"""
        return self.answer["id"]

    @property
    def amount_usd(self) -> Decimal:
        """How much is set aside."""
        return self.answer["amount_usd"]

    @property
    def status(self) -> str:
        """`held`, `captured`, `voided` … as the server last told."""
        return self.answer["status"]

    @property
    def expires_at(self) -> datetime | None:
        """When it releases itself."""
        text = self.answer.get("expires_at")
        return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None

    async def capture(self, amount_usd: Usd | None = None) -> models.Hold:
        """Pays all of it, or less; the rest is released."""
        self.answer = await self._client.capture_hold(self.id, amount_usd=amount_usd)
        self.ended = True
        return self.answer

    async def void(self) -> models.Hold:
        """Releases it."""
        self.answer = await self._client.void_hold(self.id)
        self.ended = True
        return self.answer

    async def fail(self, error_code: str, error_message: str) -> models.Hold:
        """Releases it and tells `purchase.failed`."""
        self.answer = await self._client.fail_hold(
            self.id, error_code=error_code, error_message=error_message
        )
        self.ended = True
        return self.answer

    async def _release(self, approval_id: str | None = None) -> None:
        """Voids it, as well as can be: there is another exception that is the one to be seen. While
        people are asked about it, that is to take back the question."""
        fault: BellwireError | str = f"no answer within {_VOID_S:g} s"
        with shield(_VOID_S):
            try:
                if approval_id is not None:
                    with suppress(Conflict):
                        await self._client.cancel_approval(
                            approval_id, reason="nobody waits for it any more"
                        )
                await self.void()
                return
            except HoldEnded:
                return
            except BellwireError as error:
                fault = error
        log.warning("%s could not be voided and has to expire: %s", self.id, fault)


class AsyncHolding(Taking["AsyncHold"]):
    """What `Wallet.hold` makes: use it in a `with` statement, or `take` it."""

    def __init__(self, wallet: AsyncWallet, terms: Mapping[str, Any], wait: Span | bool) -> None:
        self._wallet = wallet
        self._terms = terms
        self._wait = wait
        self._hold: AsyncHold | None = None

    async def take(self) -> AsyncHold:
        """The hold, to be captured or voided by hand: nothing else ends it before it expires."""
        return await self._wallet._take(self._terms, self._wait)

    async def __aenter__(self) -> AsyncHold:
        self._hold = await self.take()
        return self._hold

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"nothing is held yet, so there is no {name!r}: use wallet.hold(…) in a with statement, "
            "or call its take(); create_hold of the client makes a hold without a block"
        )

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        hold = self._hold
        if hold is None or hold.ended:
            return
        if error is None:
            await hold.capture()
            return
        await hold._release()
