"""A policy as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ._request import Span, given, span
from .money import Usd, usd


@dataclass(frozen=True)
class Policy:
    """What an agent may buy without asking, with asking, and not at all."""

    max_transaction_usd: Usd | None = None
    """Denies above."""
    daily_cap_usd: Usd | None = None
    """Denies what would bring the day's total above."""
    monthly_cap_usd: Usd | None = None
    """Denies what would bring the month's total above."""
    require_approval_above_usd: Usd | None = None
    """Asks a human above."""
    require_justification: bool = False
    """Denies a blank description."""
    allow_vendors: Sequence[str] | None = None
    """Denies all others. `*.example.com` stands for any that end so."""
    deny_vendors: Sequence[str] = ()
    allow_categories: Sequence[str] | None = None
    """Denies all others."""
    deny_categories: Sequence[str] = ()
    approval_timeout: Span | None = None
    """How long silence is no answer; 15 minutes if absent."""
    approvers: Sequence[str] | None = None
    """Who may decide; whoever has the permission if absent."""
    quorum: int | None = None
    """So many different people must agree."""
    channels: Sequence[str] | None = None
    """Where it is asked; everywhere if absent."""
    rules: Sequence[Mapping[str, Any]] = ()
    """More rules, as the API has them (`hours`, `when`)."""
    default: str = "allow"
    """What becomes of what no rule is about."""

    def to_rules(self) -> list[dict[str, Any]]:
        """The rules as the API has them."""
        made: list[dict[str, Any]] = []
        caps = given(
            max_transaction_usd=_exact(self.max_transaction_usd),
            daily_cap_usd=_exact(self.daily_cap_usd),
            monthly_cap_usd=_exact(self.monthly_cap_usd),
            require_justification=True if self.require_justification else None,
            vendors=_names(self.allow_vendors, self.deny_vendors),
            categories=_names(self.allow_categories, self.deny_categories),
        )
        if caps:
            made.append(caps)
        if self.require_approval_above_usd is not None:
            asks: dict[str, Any] = {
                "require_approval_above_usd": _exact(self.require_approval_above_usd)
            }
            how = given(
                timeout=span(self.approval_timeout),
                approvers=_list(self.approvers),
                quorum=self.quorum,
                channels=_list(self.channels),
            )
            if how:
                asks["approval"] = how
            made.append(asks)
        made.extend(dict(rule) for rule in self.rules)
        return made


def _exact(amount: Usd | None) -> Decimal | None:
    return None if amount is None else Decimal(usd(amount))


def _list(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


def _names(allow: Sequence[str] | None, deny: Sequence[str]) -> dict[str, list[str]] | None:
    made = given(allow=_list(allow), deny=_list(deny) or None)
    return made or None
