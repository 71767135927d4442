"""The client of Bellwire, the control plane for what AI agents do.

`verify_webhook` and all about signatures need the standard library alone: what needs httpx is
imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from ._async.client import AsyncAdminClient as AsyncAdminClient
    from ._async.client import AsyncClient as AsyncClient
    from ._async.paging import AsyncPager as AsyncPager
    from ._async.policy_engine import AsyncPolicyEngine as AsyncPolicyEngine
    from ._async.wallet import AsyncHold as AsyncHold
    from ._async.wallet import AsyncWallet as AsyncWallet
    from ._json import dumps as dumps
    from ._page import Page as Page
    from ._request import OMIT as OMIT
    from ._request import Omit as Omit
    from ._request import RetryPolicy as RetryPolicy
    from ._sync.client import AdminClient as AdminClient
    from ._sync.client import Client as Client
    from ._sync.paging import Pager as Pager
    from ._sync.policy_engine import PolicyEngine as PolicyEngine
    from ._sync.wallet import Hold as Hold
    from ._sync.wallet import Wallet as Wallet
    from .approval_handler import ApprovalHandler as ApprovalHandler
    from .approval_handler import ApprovalWebhook as ApprovalWebhook
    from .approval_handler import Reply as Reply
    from .approvals import (
        ApprovalEvent as ApprovalEvent,
    )
    from .approvals import (
        AsyncApprovalEvent as AsyncApprovalEvent,
    )
    from .approvals import (
        Decision as Decision,
    )
    from .binding import Receipt as Receipt
    from .binding import ReceiptError as ReceiptError
    from .binding import action_digest as action_digest
    from .binding import verify_receipt as verify_receipt
    from .dedupe import (
        DuplicateStore as DuplicateStore,
    )
    from .dedupe import (
        MemoryStore as MemoryStore,
    )
    from .dedupe import (
        SqliteStore as SqliteStore,
    )
    from .errors import (
        AlreadyDecided as AlreadyDecided,
    )
    from .errors import (
        APIError as APIError,
    )
    from .errors import (
        ApprovalCancelled as ApprovalCancelled,
    )
    from .errors import (
        ApprovalDenied as ApprovalDenied,
    )
    from .errors import (
        ApprovalExpired as ApprovalExpired,
    )
    from .errors import (
        ApprovalNotGiven as ApprovalNotGiven,
    )
    from .errors import (
        ApprovalPending as ApprovalPending,
    )
    from .errors import (
        ApprovalRequired as ApprovalRequired,
    )
    from .errors import (
        ApprovalUndeliverable as ApprovalUndeliverable,
    )
    from .errors import (
        ApprovalUnusable as ApprovalUnusable,
    )
    from .errors import (
        BadRequest as BadRequest,
    )
    from .errors import (
        BellwireError as BellwireError,
    )
    from .errors import (
        BudgetExhausted as BudgetExhausted,
    )
    from .errors import (
        Conflict as Conflict,
    )
    from .errors import (
        Forbidden as Forbidden,
    )
    from .errors import (
        HoldEnded as HoldEnded,
    )
    from .errors import (
        IdempotencyConflict as IdempotencyConflict,
    )
    from .errors import (
        Invalid as Invalid,
    )
    from .errors import (
        LimitExceeded as LimitExceeded,
    )
    from .errors import (
        NotFound as NotFound,
    )
    from .errors import (
        PolicyDenied as PolicyDenied,
    )
    from .errors import (
        RateLimited as RateLimited,
    )
    from .errors import (
        ServerError as ServerError,
    )
    from .errors import (
        TransportError as TransportError,
    )
    from .errors import (
        Unauthorized as Unauthorized,
    )
    from .errors import (
        Unavailable as Unavailable,
    )
    from .errors import (
        WalletFrozen as WalletFrozen,
    )
    from .money import Usd as Usd
    from .money import usd as usd
    from .policy import Policy as Policy
    from .webhooks import (
        BadSecret as BadSecret,
    )
    from .webhooks import (
        Ed25519Missing as Ed25519Missing,
    )
    from .webhooks import (
        InvalidPayload as InvalidPayload,
    )
    from .webhooks import (
        MalformedHeader as MalformedHeader,
    )
    from .webhooks import (
        MissingHeader as MissingHeader,
    )
    from .webhooks import (
        NoMatch as NoMatch,
    )
    from .webhooks import (
        Scheme as Scheme,
    )
    from .webhooks import (
        TimestampOutOfTolerance as TimestampOutOfTolerance,
    )
    from .webhooks import (
        Verified as Verified,
    )
    from .webhooks import (
        WebhookEvent as WebhookEvent,
    )
    from .webhooks import (
        WebhookSignatureError as WebhookSignatureError,
    )
    from .webhooks import (
        sign_webhook as sign_webhook,
    )
    from .webhooks import (
        verify_signature as verify_signature,
    )
    from .webhooks import (
        verify_webhook as verify_webhook,
    )

_HOME = {
    "BadSecret": ".webhooks",
    "Ed25519Missing": ".webhooks",
    "InvalidPayload": ".webhooks",
    "MalformedHeader": ".webhooks",
    "MissingHeader": ".webhooks",
    "NoMatch": ".webhooks",
    "Scheme": ".webhooks",
    "TimestampOutOfTolerance": ".webhooks",
    "Verified": ".webhooks",
    "WebhookEvent": ".webhooks",
    "WebhookSignatureError": ".webhooks",
    "sign_webhook": ".webhooks",
    "verify_signature": ".webhooks",
    "verify_webhook": ".webhooks",
    "ApprovalEvent": ".approvals",
    "ApprovalHandler": ".approval_handler",
    "ApprovalWebhook": ".approval_handler",
    "AsyncApprovalEvent": ".approvals",
    "Decision": ".approvals",
    "Reply": ".approval_handler",
    "DuplicateStore": ".dedupe",
    "MemoryStore": ".dedupe",
    "SqliteStore": ".dedupe",
    "APIError": ".errors",
    "AlreadyDecided": ".errors",
    "ApprovalCancelled": ".errors",
    "ApprovalDenied": ".errors",
    "ApprovalExpired": ".errors",
    "ApprovalNotGiven": ".errors",
    "ApprovalPending": ".errors",
    "ApprovalRequired": ".errors",
    "ApprovalUndeliverable": ".errors",
    "ApprovalUnusable": ".errors",
    "BadRequest": ".errors",
    "BellwireError": ".errors",
    "BudgetExhausted": ".errors",
    "Conflict": ".errors",
    "Forbidden": ".errors",
    "HoldEnded": ".errors",
    "IdempotencyConflict": ".errors",
    "Invalid": ".errors",
    "LimitExceeded": ".errors",
    "NotFound": ".errors",
    "PolicyDenied": ".errors",
    "RateLimited": ".errors",
    "ServerError": ".errors",
    "TransportError": ".errors",
    "Unauthorized": ".errors",
    "Unavailable": ".errors",
    "WalletFrozen": ".errors",
    "Receipt": ".binding",
    "ReceiptError": ".binding",
    "action_digest": ".binding",
    "verify_receipt": ".binding",
    "Usd": ".money",
    "usd": ".money",
    "Policy": ".policy",
    "OMIT": "._request",
    "Omit": "._request",
    "RetryPolicy": "._request",
    "Page": "._page",
    "dumps": "._json",
    "AdminClient": "._sync.client",
    "Client": "._sync.client",
    "Pager": "._sync.paging",
    "Hold": "._sync.wallet",
    "Wallet": "._sync.wallet",
    "PolicyEngine": "._sync.policy_engine",
    "AsyncAdminClient": "._async.client",
    "AsyncClient": "._async.client",
    "AsyncPager": "._async.paging",
    "AsyncHold": "._async.wallet",
    "AsyncWallet": "._async.wallet",
    "AsyncPolicyEngine": "._async.policy_engine",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(home, __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
