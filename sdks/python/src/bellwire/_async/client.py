"""The clients."""

from __future__ import annotations

from .approvals import AsyncDeciding
from .deliveries import AsyncDeliveries, AsyncPull
from .endpoints import AsyncEndpoints
from .events import AsyncEvents
from .policies import AsyncPolicies
from .wallet import AsyncSpender
from .wallets import AsyncWallets
from .workspace import AsyncIdentity, AsyncWorkspace


class AsyncClient(AsyncEvents, AsyncPull, AsyncSpender, AsyncIdentity):
    """What an agent needs: events, its wallet, approvals, deliveries by lease."""


class AsyncAdminClient(
    AsyncClient,
    AsyncEndpoints,
    AsyncDeliveries,
    AsyncWallets,
    AsyncDeciding,
    AsyncPolicies,
    AsyncWorkspace,
):
    """All of the API: also endpoints, wallets, policies, decisions, keys, the audit log."""
