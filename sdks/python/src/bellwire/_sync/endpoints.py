# Made by scripts/generate_sync.py of _async/endpoints.py: change that.
"""Endpoints: who is told of what, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._request import OMIT, Omit, Since, Span, changes, given, moment, span
from .paging import Pager
from .transport import Transport

if TYPE_CHECKING:
    from .. import models


class Endpoints(Transport):
    """Endpoints, and what is theirs."""

    def create_webhook(
        self,
        *,
        events: Sequence[str],
        url: str | None = None,
        kind: str | None = None,
        signing: str | None = None,
        namespace: str | None = None,
        filter: str | None = None,
        dialect: str | None = None,
        retry: models.RetryForm | None = None,
        timeout_ms: int | None = None,
        rate_limit: int | None = None,
        max_in_flight: int | None = None,
        ordered: bool | None = None,
        headers: Mapping[str, str] | None = None,
        status: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> models.Endpoint:
        """Makes an endpoint. Its `secret` is in this answer and nowhere else.

        `events` are exact types, `family.*` or `*`. A `url` is needed unless `kind` is `pull`.
        """
        answer: models.EndpointAnswer = self._request(
            "POST",
            "/v1/webhooks",
            body=given(
                url=url,
                events=list(events),
                kind=kind,
                signing=signing,
                namespace=namespace,
                filter=filter,
                dialect=dialect,
                retry=retry,
                timeout_ms=timeout_ms,
                rate_limit=rate_limit,
                max_in_flight=max_in_flight,
                ordered=ordered,
                headers=headers,
                status=status,
                description=description,
                metadata=metadata,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )
        return answer["endpoint"]

    def list_webhooks(
        self,
        *,
        namespace: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Pager[models.Endpoint]:
        """Newest first."""
        return self._paged(
            "GET",
            "/v1/webhooks",
            "endpoints",
            query={"namespace": namespace, "cursor": cursor, "limit": limit},
        )

    def get_webhook(self, endpoint_id: str) -> models.Endpoint:
        """One endpoint."""
        answer: models.EndpointAnswer = self._request(
            "GET", "/v1/webhooks/{endpoint_id}", path={"endpoint_id": endpoint_id}
        )
        return answer["endpoint"]

    def update_webhook(
        self,
        endpoint_id: str,
        *,
        url: str | Omit = OMIT,
        events: Sequence[str] | Omit = OMIT,
        kind: str | Omit = OMIT,
        signing: str | Omit = OMIT,
        namespace: str | Omit | None = OMIT,
        filter: str | Omit | None = OMIT,
        dialect: str | Omit = OMIT,
        retry: models.RetryForm | Omit | None = OMIT,
        timeout_ms: int | Omit | None = OMIT,
        rate_limit: int | Omit | None = OMIT,
        max_in_flight: int | Omit | None = OMIT,
        ordered: bool | Omit = OMIT,
        headers: Mapping[str, str] | Omit | None = OMIT,
        status: str | Omit = OMIT,
        description: str | Omit | None = OMIT,
        metadata: Mapping[str, Any] | Omit | None = OMIT,
        idempotency_key: str | None = None,
    ) -> models.Endpoint:
        """Changes what is given. None takes away; what is absent stays."""
        answer: models.EndpointAnswer = self._request(
            "PATCH",
            "/v1/webhooks/{endpoint_id}",
            path={"endpoint_id": endpoint_id},
            body=changes(
                url=url,
                events=events,
                kind=kind,
                signing=signing,
                namespace=namespace,
                filter=filter,
                dialect=dialect,
                retry=retry,
                timeout_ms=timeout_ms,
                rate_limit=rate_limit,
                max_in_flight=max_in_flight,
                ordered=ordered,
                headers=headers,
                status=status,
                description=description,
                metadata=metadata,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )
        return answer["endpoint"]

    def delete_webhook(self, endpoint_id: str) -> None:
        """Deletes it, and its deliveries."""
        self._request("DELETE", "/v1/webhooks/{endpoint_id}", path={"endpoint_id": endpoint_id})

    def test_webhook(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> models.TestAnswer:
        """Delivers `webhook.test` at once and tells what came back."""
        return self._request(
            "POST",
            "/v1/webhooks/{endpoint_id}/test",
            path={"endpoint_id": endpoint_id},
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def rotate_webhook_secret(
        self, endpoint_id: str, *, overlap: Span | None = None, idempotency_key: str | None = None
    ) -> models.RotateAnswer:
        """Makes a new secret; the old one signs beside it for 24 h, or as long as `overlap`."""
        return self._request(
            "POST",
            "/v1/webhooks/{endpoint_id}/rotate-secret",
            path={"endpoint_id": endpoint_id},
            body=given(overlap=span(overlap)),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def finish_webhook_rotation(
        self, endpoint_id: str, *, idempotency_key: str | None = None
    ) -> models.Endpoint:
        """Ends the overlap: from now on the new secret alone signs."""
        answer: models.FinishAnswer = self._request(
            "POST",
            "/v1/webhooks/{endpoint_id}/rotate-secret/finish",
            path={"endpoint_id": endpoint_id},
            keyed=True,
            idempotency_key=idempotency_key,
        )
        return answer["endpoint"]

    def list_webhook_deliveries(
        self,
        endpoint_id: str,
        *,
        status: str | None = None,
        type: str | None = None,
        q: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Pager[models.Delivery]:
        """Its deliveries, newest first. `status` is `pending`, `success` or `failed`."""
        return self._paged(
            "GET",
            "/v1/webhooks/{endpoint_id}/deliveries",
            "deliveries",
            path={"endpoint_id": endpoint_id},
            query={
                "status": status,
                "type": type,
                "q": q,
                "since": moment(since),
                "until": moment(until),
                "cursor": cursor,
                "limit": limit,
            },
        )

    def list_webhook_jobs(
        self, endpoint_id: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Pager[models.ReplayJob]:
        """Its replays, newest first."""
        return self._paged(
            "GET",
            "/v1/webhooks/{endpoint_id}/jobs",
            "jobs",
            path={"endpoint_id": endpoint_id},
            query={"cursor": cursor, "limit": limit},
        )

    def replay_webhook(
        self,
        endpoint_id: str,
        *,
        since: Since | None = None,
        until: Since | None = None,
        status: str | None = None,
        types: Sequence[str] | None = None,
        missing: bool | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.ReplayJob:
        """Sends a range of events again, as a job: `get_job` tells how far it is. `missing` also
        sends what was before the endpoint; `dry_run` only counts."""
        return self._request(
            "POST",
            "/v1/webhooks/{endpoint_id}/replay",
            path={"endpoint_id": endpoint_id},
            body=given(
                since=moment(since),
                until=moment(until),
                status=status,
                types=types,
                missing=missing,
                dry_run=dry_run,
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def get_job(self, job_id: str) -> models.ReplayJob:
        """How far a replay is."""
        return self._request("GET", "/v1/jobs/{job_id}", path={"job_id": job_id})

    def webhook_stats(
        self, endpoint_id: str, *, since: Since | None = None
    ) -> models.EndpointStats:
        """How it is doing."""
        return self._request(
            "GET",
            "/v1/webhooks/{endpoint_id}/stats",
            path={"endpoint_id": endpoint_id},
            query={"since": moment(since)},
        )
