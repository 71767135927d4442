# Made by scripts/generate_sync.py of _async/client.py: change that.
"""The clients."""

from __future__ import annotations

from .approvals import Deciding
from .deliveries import Deliveries, Pull
from .endpoints import Endpoints
from .events import Events
from .policies import Policies
from .wallet import Spender
from .wallets import Wallets
from .workspace import Identity, Workspace


class Client(Events, Pull, Spender, Identity):
    """What an agent needs: events, its wallet, approvals, deliveries by lease."""


class AdminClient(
    Client,
    Endpoints,
    Deliveries,
    Wallets,
    Deciding,
    Policies,
    Workspace,
):
    """All of the API: also endpoints, wallets, policies, decisions, keys, the audit log."""
