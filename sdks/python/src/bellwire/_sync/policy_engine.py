# Made by scripts/generate_sync.py of _async/policy_engine.py: change that.
"""A policy, saved and tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._request import Since, given
from ..errors import BellwireError
from ..money import Usd
from ..policy import Policy
from .policies import Policies

if TYPE_CHECKING:
    from .. import models


class PolicyEngine:
    """Saves a `Policy`, says what would come of a request, and replays what was asked for."""

    def __init__(self, client: Policies, policy: Policy, *, policy_id: str | None = None) -> None:
        """With a `policy_id`, `policy` is a candidate for the saved one: it can be evaluated and
        replayed before it is saved."""
        self._client = client
        self.policy = policy
        self.policy_id = policy_id

    def save(
        self,
        name: str,
        *,
        agents: Sequence[str] | None = None,
        namespaces: Sequence[str] | None = None,
        namespace: str | None = None,
    ) -> models.Policy:
        """Makes the policy, or a new version of it. A wallet is attached by its `policy_id`.

        What a saved policy is attached to stays as it is, unless it is given: `agents=[]` detaches it
        from all of them.
        """
        terms: dict[str, Any] = given(
            name=name,
            rules=self.policy.to_rules(),
            default=self.policy.default,
            agents=None if agents is None else list(agents),
            namespaces=None if namespaces is None else list(namespaces),
            namespace=namespace,
        )
        if self.policy_id is None:
            saved = self._client.create_policy(**terms)
            self.policy_id = saved["id"]
            return saved
        return self._client.update_policy(self.policy_id, **terms)

    def evaluate(
        self,
        *,
        amount_usd: Usd,
        vendor: str,
        description: str | None = None,
        category: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        wallet_id: str | None = None,
        agent_id: str | None = None,
        at: Since | None = None,
    ) -> models.PolicyDecision:
        """What this policy would make of a request: `decision` is `allow`, `deny` or
        `require_approval`, `rule` which of them, `detail` why. Nothing is written."""
        return self._client.evaluate_policy(
            self._saved(),
            amount_usd=amount_usd,
            vendor=vendor,
            description=description,
            category=category,
            metadata=metadata,
            wallet_id=wallet_id,
            agent_id=agent_id,
            at=at,
            rules=self.policy.to_rules(),
            default=self.policy.default,
        )

    def replay(
        self, since: Since, *, until: Since | None = None, wallet_id: str | None = None
    ) -> models.PolicyReport:
        """What this policy would have decided otherwise since then, with amounts."""
        return self._client.replay_policy(
            self._saved(),
            since=since,
            until=until,
            rules=self.policy.to_rules(),
            default=self.policy.default,
            wallet_id=wallet_id,
        )

    def _saved(self) -> str:
        if self.policy_id is None:
            raise BellwireError("save() the policy first, or name one that is saved")
        return self.policy_id
