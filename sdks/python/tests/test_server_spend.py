"""Wallets, purchases, holds, policies and approvals, against the server."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Literal

import anyio
import anyio.lowlevel
import pytest

from bellwire import (
    AdminClient,
    ApprovalDenied,
    ApprovalPending,
    ApprovalRequired,
    ApprovalUndeliverable,
    ApprovalUnusable,
    AsyncAdminClient,
    AsyncPolicyEngine,
    BudgetExhausted,
    HoldEnded,
    LimitExceeded,
    Policy,
    PolicyDenied,
    PolicyEngine,
    Wallet,
    WalletFrozen,
)

from .conftest import eventually


@pytest.fixture
def wallet(admin: AdminClient) -> Wallet:
    made = admin.create_wallet(name="agent", budget_usd="10.00")
    return admin.wallet(made["id"])


def test_a_purchase_is_exact(admin: AdminClient, wallet: Wallet) -> None:
    bought = wallet.purchase(
        amount_usd=Decimal("0.000000150"), vendor="openai", description="one token"
    )
    assert bought["amount_usd"] == Decimal("0.000000150")
    assert wallet.balance()["available_usd"] == Decimal("9.999999850")
    refund = admin.refund_purchase(bought["id"], reason="unused")
    assert refund["refunded_usd"] == Decimal("0.000000150")
    assert admin.get_purchase(bought["id"])["refunds"][0]["amount_usd"] == Decimal("1.5e-7")
    assert [one["id"] for one in admin.list_purchases(vendor="openai")] == [bought["id"]]
    assert [one["id"] for one in admin.list_wallet_purchases(wallet.id)] == [bought["id"]]


def test_a_float_is_no_amount(wallet: Wallet) -> None:
    with pytest.raises(TypeError, match="float"):
        wallet.purchase(amount_usd=0.1, vendor="x", description="y")  # type: ignore[arg-type]


def test_a_short_budget_tells_all_of_it(wallet: Wallet) -> None:
    wallet.purchase(amount_usd="9.60", vendor="aws", description="gpu")
    with wallet.hold(amount_usd="0.10", vendor="aws"), pytest.raises(BudgetExhausted) as refused:
        wallet.purchase(amount_usd=2, vendor="aws", description="gpu")
    error = refused.value
    assert (error.status, error.code) == (402, "budget_exceeded")
    assert error.wallet_id == error.blocking_wallet_id == wallet.id
    assert error.budget_limit_usd == Decimal("10.00")
    assert error.spent_usd == Decimal("9.60")
    assert error.held_usd == Decimal("0.10")
    assert error.requested_usd == Decimal("2.00")
    assert error.available_usd == Decimal("0.30")
    assert error.resets_at is None
    assert error.request_id


def test_a_frozen_wallet_and_a_limit_say_so(admin: AdminClient, wallet: Wallet) -> None:
    admin.update_wallet(wallet.id, reason="test", limits={"max_transaction_usd": "1.00"})
    with pytest.raises(LimitExceeded) as limited:
        wallet.purchase(amount_usd="1.01", vendor="aws", description="gpu")
    assert limited.value.rule == "max_transaction_usd"
    admin.update_wallet(wallet.id, reason="stop", status="frozen")
    with pytest.raises(WalletFrozen) as frozen:
        wallet.purchase(amount_usd="0.01", vendor="aws", description="gpu")
    assert (frozen.value.frozen_wallet_id, frozen.value.reason) == (wallet.id, "stop")


def test_a_hold_is_captured_voided_or_failed(admin: AdminClient, wallet: Wallet) -> None:
    with wallet.hold(amount_usd="5.00", vendor="aws") as hold:
        assert wallet.balance()["held_usd"] == Decimal("5.00")
        hold.capture("2.00")
    assert wallet.balance()["spent_usd"] == Decimal("2.00")
    with wallet.hold(amount_usd="1.00", vendor="aws") as hold:
        pass
    assert hold.status == "captured"
    assert wallet.balance()["spent_usd"] == Decimal("3.00")
    with wallet.hold(amount_usd="5.00", vendor="aws") as hold:
        hold.fail("provider_5xx", "the vendor is down")
    assert hold.status == "failed"
    with pytest.raises(KeyError), wallet.hold(amount_usd="5.00", vendor="aws") as hold:
        raise KeyError("boom")
    assert admin.get_hold(hold.id)["status"] == "voided"
    with pytest.raises(HoldEnded):
        hold.capture()
    balance = wallet.balance()
    assert (balance["held_usd"], balance["spent_usd"]) == (Decimal(0), Decimal("3.00"))
    assert len(list(admin.list_wallet_holds(wallet.id))) == 4
    # Ended behind the block's back: the block's own exception is the one to be seen.
    with pytest.raises(KeyError), wallet.hold(amount_usd="1.00", vendor="aws") as hold:
        admin.void_hold(hold.id)
        raise KeyError("boom")


@pytest.mark.anyio
async def test_an_async_hold_is_voided_too(async_admin: AsyncAdminClient) -> None:
    async with async_admin as client:
        made = await client.create_wallet(name="agent", budget_usd=10)
        wallet = client.wallet(made["id"])
        with pytest.raises(KeyError):
            async with wallet.hold(amount_usd=5, vendor="aws"):
                raise KeyError("boom")
        async with wallet.hold(amount_usd=3, vendor="aws") as hold:
            await hold.capture("1.50")
        balance = await wallet.balance()
        assert (balance["held_usd"], balance["spent_usd"]) == (Decimal(0), Decimal("1.50"))
        with anyio.CancelScope() as scope:
            async with wallet.hold(amount_usd=5, vendor="aws") as hold:
                scope.cancel()
                await anyio.sleep_forever()
        assert (await client.get_hold(hold.id))["status"] == "voided"
        engine = AsyncPolicyEngine(client, Policy(daily_cap_usd=1))
        await engine.save("small")
        decided = await engine.evaluate(amount_usd=2, vendor="aws")
        assert decided["decision"] == "deny"


@pytest.mark.anyio
async def test_a_hold_that_is_not_taken_is_voided(async_admin: AsyncAdminClient) -> None:
    async with async_admin as client:
        engine = AsyncPolicyEngine(
            client, Policy(require_approval_above_usd=1, channels=["console"])
        )
        policy_id = (await engine.save("ask"))["id"]
        made = await client.create_wallet(name="agent", budget_usd=10, policy_id=policy_id)
        wallet = client.wallet(made["id"])

        async def held() -> Decimal:
            return (await wallet.balance())["held_usd"]

        async with anyio.create_task_group() as group:

            async def wait() -> None:
                async with wallet.hold(amount_usd=5, vendor="aws", wait=True):
                    raise AssertionError("nobody said yes")

            group.start_soon(wait)
            while await held() != 5:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        assert await held() == 0
        with pytest.raises(ApprovalPending):
            await wallet.hold(amount_usd=5, vendor="aws", wait=0)
        assert await held() == 0
        # Who does not wait, waits later.
        with pytest.raises(ApprovalRequired):
            await wallet.hold(amount_usd=5, vendor="aws")
        assert await held() == 5


@pytest.mark.anyio
async def test_a_hold_is_taken_without_a_block(
    async_admin: AsyncAdminClient, wallet: Wallet
) -> None:
    holding = wallet.hold(amount_usd=5, vendor="aws")
    for name in ("capture", "void", "id"):
        with pytest.raises(AttributeError, match="create_hold"):
            getattr(holding, name)
    hold = holding.take()
    assert wallet.balance()["held_usd"] == 5
    hold.void()
    async with async_admin as client:
        taken = await client.wallet(wallet.id).hold(amount_usd=4, vendor="aws")
        assert (await taken.capture("1.50"))["status"] == "captured"
    assert wallet.balance()["spent_usd"] == Decimal("1.50")


def test_what_was_spent_is_told(admin: AdminClient, wallet: Wallet) -> None:
    wallet.purchase(amount_usd="1.25", vendor="aws", description="gpu", category="cloud")
    vendors = admin.spend_by_vendor(since="1h")["vendors"]
    assert vendors is not None
    assert (vendors[0]["vendor"], vendors[0]["spent_usd"]) == ("aws", Decimal("1.25"))
    for split in (admin.spend_by_wallet(), admin.spend_by_agent(), admin.spend_by_category()):
        assert split["total_usd"] == Decimal("1.25")
    points = admin.spend_over_time(bucket="hour", since="2h")["points"]
    assert sum(point["spent_usd"] for point in points) == Decimal("1.25")


def test_a_policy_denies_asks_and_is_replayed(admin: AdminClient) -> None:
    policy = Policy(
        require_approval_above_usd=Decimal("5.00"),
        daily_cap_usd="8.00",
        deny_vendors=["*.example.com"],
        channels=["console"],
        rules=[{"when": 'purchase.category == "gambling"', "then": "deny"}],
    )
    engine = PolicyEngine(admin, policy)
    saved = engine.save("production")
    wallet = admin.wallet(
        admin.create_wallet(name="agent", budget_usd=100, policy_id=saved["id"])["id"]
    )
    wallet.purchase(amount_usd="1.00", vendor="aws", description="gpu")
    with pytest.raises(PolicyDenied) as denied:
        wallet.purchase(amount_usd="1.00", vendor="a.example.com", description="x")
    assert denied.value.policy_id == saved["id"]
    assert denied.value.policy_version == 1
    assert denied.value.rule == "vendors"

    asked = engine.evaluate(amount_usd="6.00", vendor="aws", wallet_id=wallet.id)
    assert asked["decision"] == "require_approval"
    with pytest.raises(ApprovalRequired) as required:
        wallet.purchase(amount_usd="6.00", vendor="aws", description="gpu")
    assert wallet.balance()["held_usd"] == Decimal("6.00")
    with pytest.raises(ApprovalPending):
        admin.wait_for_approval(required.value.approval_id, timeout=0)
    admin.decide_approval(required.value.approval_id, decision="approve", reason="fine")
    assert admin.wait_for_approval(required.value.approval_id)["status"] == "approved"
    assert admin.get_purchase(required.value.purchase_id)["status"] == "succeeded"

    candidate = PolicyEngine(admin, Policy(daily_cap_usd="0.50"), policy_id=saved["id"])
    report = candidate.replay("1h", wallet_id=wallet.id)
    assert sum(flip["count"] for flip in report["flips"]) >= 1
    assert candidate.save("production")["version"] == 2
    assert [one["version"] for one in admin.list_policy_versions(saved["id"])] == [2, 1]
    assert admin.update_policy(saved["id"], name="prod")["version"] == 3
    assert admin.get_policy(saved["id"])["name"] == "prod"
    spare = admin.create_policy(name="spare", rules=[])
    admin.delete_policy(spare["id"])
    assert [one["id"] for one in admin.list_policies()] == [saved["id"]]


def test_saving_anew_detaches_nothing(admin: AdminClient) -> None:
    saved = admin.create_policy(
        name="production", rules=[{"max_transaction_usd": 5}], namespaces=["acme"]
    )
    engine = PolicyEngine(admin, Policy(max_transaction_usd=4), policy_id=saved["id"])
    again = engine.save("stricter")
    assert (again["version"], again["name"]) == (2, "stricter")
    assert (again["namespaces"], again["agents"]) == (["acme"], saved["agents"])
    wallet = admin.wallet(admin.create_wallet(name="w", budget_usd=100, namespace="acme")["id"])
    with pytest.raises(PolicyDenied):
        wallet.purchase(amount_usd="4.50", vendor="v", description="d")
    assert engine.save("stricter", namespaces=[])["namespaces"] == []
    wallet.purchase(amount_usd="4.50", vendor="v", description="d")


@pytest.mark.parametrize("reason", ["", " ", "\t\n"])
def test_a_blank_reason_is_refused_before_it_denies(admin: AdminClient, reason: str) -> None:
    asked = admin.request_approval(title="t", action="a.b", channels=["console"])
    with pytest.raises(ValueError, match="blank"):
        admin.decide_approval(asked["id"], decision="approve", reason=reason)
    with pytest.raises(ValueError, match="'approve' or 'deny'"):
        admin.decide_approval(asked["id"], decision="yes", reason="r")  # type: ignore[arg-type]
    assert admin.get_approval(asked["id"])["status"] == "pending"


def test_buying_waits_for_people(admin: AdminClient) -> None:
    engine = PolicyEngine(admin, Policy(require_approval_above_usd=1, channels=["console"]))
    policy_id = engine.save("ask")["id"]
    wallet = admin.wallet(
        admin.create_wallet(name="agent", budget_usd=100, policy_id=policy_id)["id"]
    )

    def decide(decision: Literal["approve", "deny"]) -> threading.Thread:
        def run() -> None:
            found = eventually(lambda: admin.list_approvals(status="pending").page().items)
            admin.decide_approval(found[0]["id"], decision=decision, reason="said the test")

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    deciding = decide("approve")
    bought = wallet.purchase(amount_usd=5, vendor="aws", description="gpu", wait=True)
    deciding.join()
    assert bought["status"] == "succeeded"

    deciding = decide("approve")
    with wallet.hold(amount_usd=5, vendor="aws", wait="20s") as hold:
        hold.capture(4)
    deciding.join()
    assert wallet.balance()["spent_usd"] == Decimal(9)

    deciding = decide("deny")
    with pytest.raises(ApprovalDenied) as denied:
        wallet.purchase(amount_usd=5, vendor="aws", description="gpu", wait="20s")
    deciding.join()
    assert denied.value.reason == "said the test"
    assert wallet.balance()["held_usd"] == Decimal(0)


def test_an_approval_is_used_once(admin: AdminClient) -> None:
    asked = admin.request_approval(
        title="Delete staging?",
        action="database.delete",
        details={"database": "staging"},
        channels=["console"],
    )
    with pytest.raises(ApprovalUnusable):
        admin.consume_approval(asked["id"], action_digest=asked["action_digest"])
    admin.decide_approval(asked["id"], decision="approve", reason="fine")
    with pytest.raises(ApprovalUnusable) as refused:
        admin.consume_approval(asked["id"], action_digest="0" * 64)
    assert refused.value.code == "approval_mismatch"
    admin.consume_approval(asked["id"], action_digest=asked["action_digest"])
    with pytest.raises(ApprovalUnusable) as refused:
        admin.consume_approval(asked["id"], action_digest=asked["action_digest"])
    assert refused.value.code == "already_consumed"

    other = admin.request_approval(title="t", action="a.b", channels=["console"])
    assert admin.cancel_approval(other["id"], reason="not needed")["status"] == "cancelled"
    nobody = admin.request_approval(title="t", action="a.b", channels=["webhook"])
    with pytest.raises(ApprovalUndeliverable):
        admin.wait_for_approval(nobody["id"], timeout="20s")
