"""Keys, namespaces, workspaces, the audit log, the server itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from .. import _json
from .._lines import Lines
from .._request import Since, given, moment
from ..errors import TransportError
from .paging import AsyncPager
from .transport import AsyncTransport

if TYPE_CHECKING:
    from .. import models


class AsyncIdentity(AsyncTransport):
    """Who the key is."""

    async def me(self) -> models.Me:
        """The key that this client has: its workspace, namespace and permissions."""
        return await self._request("GET", "/v1/me")

    async def public_keys(self) -> list[models.PublicKeyView]:
        """The keys that the deployment signs with: receipts, and Ed25519 deliveries."""
        answer: models.PublicKeys = await self._request("GET", "/.well-known/bellwire-keys.json")
        return answer["keys"]


class AsyncWorkspace(AsyncTransport):
    """Keys, namespaces, workspaces, the audit log."""

    async def create_key(
        self,
        *,
        name: str,
        kind: str,
        namespace: str | None = None,
        permissions: Sequence[str] | None = None,
        agent_id: str | None = None,
        person: str | None = None,
        expires_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> models.KeyView:
        """Makes a key: `admin`, `workspace` or `scoped`. Its `api_key` is in this answer alone."""
        return await self._request(
            "POST",
            "/v1/keys",
            body=given(
                name=name,
                kind=kind,
                namespace=namespace,
                permissions=permissions,
                agent_id=agent_id,
                person=person,
                expires_at=moment(expires_at),
            ),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_keys(
        self,
        *,
        namespace: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.KeyView]:
        """Newest first."""
        return self._paged(
            "GET",
            "/v1/keys",
            "keys",
            query={"namespace": namespace, "cursor": cursor, "limit": limit},
        )

    async def revoke_key(self, key_id: str) -> None:
        """Ends a key, at once."""
        await self._request("DELETE", "/v1/keys/{key_id}", path={"key_id": key_id})

    def list_namespaces(
        self,
        *,
        namespace: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.NamespaceView]:
        """By name."""
        return self._paged(
            "GET",
            "/v1/namespaces",
            "namespaces",
            query={"namespace": namespace, "cursor": cursor, "limit": limit},
        )

    async def delete_namespace(self, namespace: str) -> None:
        """Deletes a customer, with its endpoints and keys."""
        await self._request("DELETE", "/v1/namespaces/{namespace}", path={"namespace": namespace})

    async def create_portal_link(
        self,
        namespace: str,
        *,
        expires_in_s: int | None = None,
        read_only: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.PortalLink:
        """A link that opens the console for one customer."""
        return await self._request(
            "POST",
            "/v1/namespaces/{namespace}/portal-link",
            path={"namespace": namespace},
            body=given(expires_in_s=expires_in_s, read_only=read_only),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_workspaces(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> AsyncPager[models.WorkspaceView]:
        """All workspaces, to an owner's key."""
        return self._paged(
            "GET", "/v1/workspaces", "workspaces", query={"cursor": cursor, "limit": limit}
        )

    async def create_workspace(
        self, *, name: str, idempotency_key: str | None = None
    ) -> models.WorkspaceView:
        """Makes a workspace, with an admin key that is in this answer alone."""
        return await self._request(
            "POST",
            "/v1/workspaces",
            body=given(name=name),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    async def register_event_type(
        self,
        name: str,
        *,
        schema: Mapping[str, Any] | None = None,
        description: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.TypeView:
        """Registers a type of your own; with a JSON Schema, bad data is refused."""
        return await self._request(
            "POST",
            "/v1/event-types",
            body=given(name=name, schema=schema, description=description),
            keyed=True,
            idempotency_key=idempotency_key,
        )

    def list_audit(
        self,
        *,
        action: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        namespace: str | None = None,
        since: Since | None = None,
        until: Since | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> AsyncPager[models.AuditEntry]:
        """Who did what, newest first."""
        return self._paged(
            "GET",
            "/v1/audit",
            "entries",
            query={
                "action": action,
                "subject": subject,
                "actor": actor,
                "namespace": namespace,
                "since": moment(since),
                "until": moment(until),
                "cursor": cursor,
                "limit": limit,
            },
        )

    async def export_audit(
        self, *, since: Since | None = None, until: Since | None = None
    ) -> AsyncIterator[models.AuditEntry]:
        """The whole selection, oldest first, as it is read: what `bellwire audit verify` checks."""
        async with self._streamed(
            "/v1/audit",
            query={"since": moment(since), "until": moment(until)},
            accept="application/x-ndjson",
        ) as response:
            lines = Lines()
            async for chunk in response.aiter_bytes():
                for line in lines.push(chunk):
                    if line:
                        yield _entry(line)
            for line in lines.end():
                yield _entry(line)

    async def check_audit(self) -> models.ChainView:
        """Whether the audit log is whole."""
        return await self._request("GET", "/v1/audit/chain")

    async def stream_changes(
        self, *, namespace: str | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Which kinds of things changed, for ever: `hello` first and after each break, then `changed`
        at most twice a second, as `event`; the topics are in `data`. Nothing is repeated: after a
        `hello`, look at everything.
        """
        frames = self._followed("/v1/changes/stream", query={"namespace": namespace})
        async with aclosing(frames):
            async for frame in frames:
                yield {"event": frame.event, "data": _object(frame.data, "a message of the stream")}

    async def overview(self, *, namespace: str | None = None) -> models.Overview:
        """How things stand."""
        answer: Any = await self._request("GET", "/v1/overview", query={"namespace": namespace})
        overview: models.Overview = _json.money(answer)
        return overview

    async def settings(self) -> models.SettingsView:
        """How the server is set up."""
        return await self._request("GET", "/v1/settings")

    async def openapi(self) -> dict[str, Any]:
        """The description of the API that this server has (OpenAPI 3.1)."""
        document: dict[str, Any] = await self._request("GET", "/openapi.json")
        return document

    async def test_integration(self, name: str) -> models.TrialView:
        """Whether `slack` or `pagerduty` can be reached."""
        return await self._request("POST", "/v1/integrations/{name}/test", path={"name": name})


def _entry(line: str) -> models.AuditEntry:
    return cast("models.AuditEntry", _object(line, "a line of the audit log"))


def _object(text: str, what: str) -> dict[str, Any]:
    try:
        made: Any = _json.loads(text)
    except ValueError:
        made = None
    if not isinstance(made, dict):
        raise TransportError(f"{what} is no JSON object; is this Bellwire?")
    return made
