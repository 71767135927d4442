# Made by scripts/generate_sync.py of _async/deliveries.py: change that.
"""Deliveries: what became of them, again, and by lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._request import Since, Span, given, moment, seconds_of, span
from .paging import Pager
from .transport import Transport

if TYPE_CHECKING:
    from .. import models


class Pull(Transport):
    """Deliveries for who has no public address."""

    def pull(
        self,
        endpoint_id: str,
        *,
        max: int | None = None,
        lease: Span | None = None,
        wait: Span | None = None,
    ) -> list[models.HeldView]:
        """Takes deliveries of a `pull` endpoint under a lease; waits up to `wait` for the first.

        Answer each with `ack`, `nack` or `extend`. A lease that runs out is a failed attempt.
        """
        answer: models.PullReply = self._request(
            "POST",
            "/v1/webhooks/{endpoint_id}/pull",
            path={"endpoint_id": endpoint_id},
            body=given(max=max, lease=span(lease), wait=span(wait)),
            patience_s=seconds_of(wait or 0),
        )
        return answer["deliveries"]

    def ack(
        self, delivery_id: str, *, lease_id: str | None = None, idempotency_key: str | None = None
    ) -> models.Delivery:
        """It is done."""
        return self._request(
            "POST",
            "/v1/deliveries/{delivery_id}/ack",
            path={"delivery_id": delivery_id},
            body=given(lease_id=lease_id),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def nack(
        self,
        delivery_id: str,
        *,
        lease_id: str | None = None,
        delay: Span | None = None,
        idempotency_key: str | None = None,
    ) -> models.Delivery:
        """It failed; it comes again by the schedule, or after `delay`."""
        return self._request(
            "POST",
            "/v1/deliveries/{delivery_id}/nack",
            path={"delivery_id": delivery_id},
            body=given(lease_id=lease_id, delay=span(delay)),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def extend(
        self,
        delivery_id: str,
        *,
        lease_id: str | None = None,
        lease: Span | None = None,
        idempotency_key: str | None = None,
    ) -> models.ExtendedDelivery:
        """It takes longer: the lease runs for `lease` (30 s) from now. It is another lease then: its
        `lease_id` is in the answer."""
        return self._request(
            "POST",
            "/v1/deliveries/{delivery_id}/extend",
            path={"delivery_id": delivery_id},
            body=given(lease_id=lease_id, lease=span(lease)),
            keyed=True,
            idempotency_key=idempotency_key,
        )


class Deliveries(Transport):
    """What became of deliveries."""

    def list_deliveries(
        self,
        *,
        endpoint_id: str | None = None,
        status: str | None = None,
        type: str | None = None,
        q: str | None = None,
        namespace: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Pager[models.Delivery]:
        """Newest first. `status="failed"` are the dead letters."""
        return self._paged(
            "GET",
            "/v1/deliveries",
            "deliveries",
            query={
                "endpoint_id": endpoint_id,
                "status": status,
                "type": type,
                "q": q,
                "namespace": namespace,
                "since": moment(since),
                "until": moment(until),
                "cursor": cursor,
                "limit": limit,
            },
        )

    def get_delivery(self, delivery_id: str) -> models.DeliveryDetail:
        """One delivery, with every attempt and the request as it was sent."""
        return self._request(
            "GET", "/v1/deliveries/{delivery_id}", path={"delivery_id": delivery_id}
        )

    def retry_delivery(
        self, delivery_id: str, *, idempotency_key: str | None = None
    ) -> models.Delivery:
        """Sends it now; the count of attempts starts anew."""
        return self._request(
            "POST",
            "/v1/deliveries/{delivery_id}/retry",
            path={"delivery_id": delivery_id},
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def retry_deliveries(
        self,
        *,
        endpoint_id: str,
        status: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        idempotency_key: str | None = None,
    ) -> models.RetryManyAnswer:
        """Sends many of an endpoint's now."""
        return self._request(
            "POST",
            "/v1/deliveries/retry",
            body=given(
                endpoint_id=endpoint_id, status=status, since=moment(since), until=moment(until)
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )
