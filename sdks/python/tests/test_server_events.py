"""Events and endpoints, against the server."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from bellwire import (
    AdminClient,
    AsyncAdminClient,
    BellwireError,
    Client,
    Conflict,
    Invalid,
    NotFound,
    RetryPolicy,
    Scheme,
    Unauthorized,
    WebhookSignatureError,
    verify_webhook,
)
from bellwire.webhooks import DIALECTS

from .conftest import Receiver, Server, eventually


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_delivered_verifies_in_every_dialect(
    admin: AdminClient, receiver: Receiver, dialect: Scheme
) -> None:
    endpoint = admin.create_webhook(
        url=receiver.url, events=["file.written"], dialect=dialect, namespace="acme"
    )
    accepted = admin.post_event(
        "file.written",
        {"path": "reports/q3.md", "size": 12, "sha256": "0" * 64, "source": "api"},
        namespace="acme",
    )
    assert accepted["deliveries"] == 1
    got = receiver.next()
    secret = endpoint["secret"]
    assert secret is not None

    for given in (dialect, None):
        event = verify_webhook(secret=secret, body=got.body, headers=got.headers, dialect=given)
        assert event.type == "file.written"
        assert event.data["path"] == "reports/q3.md"
        assert event.timestamp is not None
        if dialect != "keystore" or given is None:
            assert event.id == accepted["event"]["id"]
        if dialect in ("standard", "cloudevents", "trovefiles"):
            assert event.namespace == "acme"
            assert event.workspace_id == accepted["event"]["workspace_id"]
        changed = got.body.replace(b"q3", b"q4")
        with pytest.raises(WebhookSignatureError):
            verify_webhook(secret=secret, body=changed, headers=got.headers, dialect=given)


def test_one_header_is_enough_where_it_holds_all(admin: AdminClient, receiver: Receiver) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["*"], dialect="trovefiles")
    admin.post_event("report.ready", {"page": 1}, namespace="acme")
    got = receiver.next()
    header = {name.lower(): value for name, value in got.headers.items()}["x-trove-signature"]
    secret = endpoint["secret"]
    assert secret is not None
    for dialect in (None, "trovefiles"):
        event = verify_webhook(
            secret=secret,
            body=got.body,
            signature_header=header,
            dialect=dialect,
        )
        assert (event.type, event.namespace, event.data) == ("report.ready", "acme", {"page": 1})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_customer_cannot_speak_for_another(
    admin: AdminClient, server: Server, receiver: Receiver, dialect: Scheme
) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["report.*"], dialect=dialect)
    key = admin.create_key(
        name="agent", kind="scoped", namespace="acme", permissions=["events:write"]
    )
    mimicries: list[dict[str, object]] = [
        {"namespace": "victim", "workspace_id": "ws-VICTIM", "data": {"path": "x"}},
        {
            "namespace": "victim",
            "workspace_id": "ws-VICTIM",
            "api_version": "2026-01-01",
            "created_at": "2026-11-21T22:01:02.345Z",
            "data": {},
        },
        {"specversion": "1.0", "subject": "victim", "source": "/workspaces/ws-VICTIM", "data": {}},
        {"event": "a.b", "tenantId": "ws-VICTIM", "createdAt": "x", "approval_id": "apr_1"},
    ]
    secret = endpoint["secret"] or ""
    with Client(key["api_key"], base_url=server.url) as agent:
        for mimicry in mimicries:
            posted = agent.post_event("report.ready", mimicry, namespace="acme")
            got = receiver.next()
            few = {k.lower(): v for k, v in got.headers.items() if k.lower().startswith("webhook-")}
            own = {k.lower(): v for k, v in got.headers.items()}.get("x-trove-signature")
            events = [
                verify_webhook(secret=secret, body=got.body, headers=got.headers),
                verify_webhook(secret=secret, body=got.body, headers=got.headers, dialect=dialect),
            ]
            if dialect not in ("trove", "paygraph"):
                # For the flat ones these are too few: then it is to be said which dialect it is.
                events.append(verify_webhook(secret=secret, body=got.body, headers=few))
            if own is not None:
                events.append(verify_webhook(secret=secret, body=got.body, signature_header=own))
            for event in events:
                assert event.type == "report.ready"
                assert event.namespace in ("acme", None)
                assert event.workspace_id in (posted["event"]["workspace_id"], None)
            if dialect in ("standard", "cloudevents", "trovefiles"):
                assert [event.namespace for event in events[:2]] == ["acme", "acme"]


def test_ed25519_deliveries_verify_with_the_public_key(
    admin: AdminClient, receiver: Receiver
) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["*"], signing="ed25519")
    admin.post_event("report.ready", {})
    got = receiver.next()
    public_key = endpoint["public_key"]
    assert public_key is not None
    event = verify_webhook(secret=public_key, body=got.body, headers=got.headers)
    assert event.type == "report.ready"
    with pytest.raises(WebhookSignatureError):
        verify_webhook(secret=public_key, body=got.body + b" ", headers=got.headers)


def test_rotation_goes_on_with_either_secret(admin: AdminClient, receiver: Receiver) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["*"])
    old = endpoint["secret"]
    assert old is not None
    new = admin.rotate_webhook_secret(endpoint["id"], overlap="1h")["secret"]
    admin.post_event("report.ready", {})
    got = receiver.next()
    for secret in (old, new, [new, old]):
        verify_webhook(secret=secret, body=got.body, headers=got.headers)
    admin.finish_webhook_rotation(endpoint["id"])
    admin.post_event("report.ready", {})
    got = receiver.next()
    with pytest.raises(WebhookSignatureError, match="no signature matches"):
        verify_webhook(secret=old, body=got.body, headers=got.headers)


def test_an_endpoint_lives(admin: AdminClient, receiver: Receiver) -> None:
    made = admin.create_webhook(
        url=receiver.url, events=["purchase.*"], description="bills", metadata={"team": "ops"}
    )
    assert admin.get_webhook(made["id"])["description"] == "bills"
    changed = admin.update_webhook(made["id"], description=None, max_in_flight=2)
    assert (changed["description"], changed["max_in_flight"]) == (None, 2)
    assert changed["metadata"] == {"team": "ops"}
    tested = admin.test_webhook(made["id"])
    assert tested["ok"]
    assert tested["status"] == 204
    event = verify_webhook(
        secret=made["secret"] or "", body=(got := receiver.next()).body, headers=got.headers
    )
    assert event.type == "webhook.test"
    assert admin.webhook_stats(made["id"])["deliveries"]["success"] == 1
    assert list(admin.list_webhook_jobs(made["id"])) == []
    admin.delete_webhook(made["id"])
    with pytest.raises(NotFound) as refused:
        admin.get_webhook(made["id"])
    assert refused.value.request_id


def test_deliveries_are_read_retried_and_replayed(admin: AdminClient, receiver: Receiver) -> None:
    receiver.status = 500
    endpoint = admin.create_webhook(
        url=receiver.url, events=["*"], retry={"preset": "none"}, dialect="standard"
    )
    posted = admin.post_event("report.ready", {"amount": Decimal("0.100")})
    receiver.next()
    failed = eventually(lambda: admin.list_deliveries(status="failed").page().items)[0]
    assert failed["event_id"] == posted["event"]["id"]
    detail = admin.get_delivery(failed["id"])
    assert detail["attempt_log"][0]["status_code"] == 500
    receiver.status = 200
    admin.retry_delivery(failed["id"])
    assert b"0.100" in receiver.next().body
    eventually(lambda: admin.get_delivery(failed["id"])["status"] == "success")
    page = admin.list_webhook_deliveries(endpoint["id"]).page()
    assert page.total == 1
    job = admin.replay_webhook(endpoint["id"], since="1h")
    receiver.next()
    job_id = job["id"]
    assert job_id is not None
    eventually(lambda: admin.get_job(job_id)["done"] == 1)
    assert admin.retry_deliveries(endpoint_id=endpoint["id"], since="1h") == {"retried": 0}


def test_deliveries_are_pulled(admin: AdminClient) -> None:
    endpoint = admin.create_webhook(kind="pull", events=["job.*"])
    admin.post_event("job.done", {"n": 1})
    (held,) = admin.pull(endpoint["id"], max=5, lease="30s", wait="5s")
    assert held["event"]["data"] == {"n": 1}
    longer = admin.extend(held["id"], lease_id=held["lease_id"], lease=60)
    assert admin.ack(held["id"], lease_id=longer["lease_id"])["status"] == "success"
    admin.post_event("job.done", {"n": 2})
    (held,) = admin.pull(endpoint["id"], wait="5s")
    assert admin.nack(held["id"], lease_id=held["lease_id"], delay=90)["status"] == "pending"


def test_lists_go_through_all_pages(admin: AdminClient) -> None:
    ids = [admin.post_event("page.turned", {"n": n})["event"]["id"] for n in range(5)]
    listed = admin.list_events(type="page.turned", limit=2)
    assert [event["id"] for event in listed] == ids[::-1]
    assert [len(page.items) for page in listed.pages()] == [2, 2, 1]
    first = listed.page()
    assert first.next_cursor is not None
    assert listed.page(first.next_cursor).items[0]["id"] == ids[2]


def test_posting_twice_is_posting_once(admin: AdminClient) -> None:
    first = admin.post_event("report.ready", {"n": 1}, idempotency_key="k1")
    again = admin.post_event("report.ready", {"n": 1}, idempotency_key="k1")
    assert first == again
    with pytest.raises(Conflict) as refused:
        admin.post_event("report.ready", {"n": 2}, idempotency_key="k1")
    assert refused.value.code == "idempotency_conflict"


def test_numbers_keep_their_digits(admin: AdminClient) -> None:
    exact = Decimal("123456789012345678.123456789")
    event = admin.post_event("meter.read", {"value": exact, "amount_usd": 5})["event"]
    found = admin.get_event(event["id"])
    assert found["data"] == {"value": exact, "amount_usd": Decimal(5)}
    assert type(found["data"]["amount_usd"]) is Decimal


def test_a_batch_is_answered_one_by_one(admin: AdminClient) -> None:
    answer = admin.post_events(
        [{"type": "a.b", "data": {}}, {"type": "purchase.unknown", "data": {}}]
    )
    assert (answer["accepted"], answer["rejected"]) == (1, 1)


def test_types_are_registered_and_hold(admin: AdminClient) -> None:
    schema = {"type": "object", "required": ["page"], "properties": {"page": {"type": "integer"}}}
    admin.register_event_type("report.done", schema=schema, description="A report is done")
    assert admin.get_event_type("report.done")["schema"] == schema
    assert "report.done" in [kind["name"] for kind in admin.list_event_types(limit=200)]
    with pytest.raises(Invalid) as refused:
        admin.post_event("report.done", {"page": "x"})
    assert refused.value.errors


def test_polling_goes_on_where_it_was(admin: AdminClient) -> None:
    cursor = admin.poll_events()["next_cursor"]
    admin.post_event("report.ready", {"n": 1})
    answer = admin.poll_events(after=cursor, types=["report.*"], wait="5s")
    assert [event["data"] for event in answer["events"]] == [{"n": 1}]


def test_a_stream_resumes_after_an_event(admin: AdminClient) -> None:
    first = admin.post_event("report.ready", {"n": 0})["event"]["id"]
    for n in (1, 2):
        admin.post_event("report.ready", {"n": n})
    seen = []
    for event in admin.stream_events(types=["report.ready"], after=first):
        seen.append(event["data"]["n"])
        if len(seen) == 2:
            break
    assert seen == [1, 2]


ODD = "a\u2028b\u2029c\u0085d\x0be\x0cf"


def test_a_stream_takes_every_character(admin: AdminClient) -> None:
    first = admin.post_event("report.ready", {"n": 0})["event"]["id"]
    admin.post_event("report.ready", {"text": ODD})
    admin.post_event("report.ready", {"text": "after"})
    stream = admin.stream_events(after=first)
    assert [next(stream)["data"]["text"] for _ in range(2)] == [ODD, "after"]


def test_the_audit_export_takes_every_character(admin: AdminClient) -> None:
    admin.create_key(name=ODD, kind="workspace")
    exported = list(admin.export_audit(since="1h"))
    assert [entry["action"] for entry in exported][-1] == "key.create"


def test_a_stream_begins_before_its_first_break(admin: AdminClient) -> None:
    """What happens between the first break and the first event is not missed."""
    opened: list[httpx.Request] = []

    class Broken(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/v1/events/stream":
                opened.append(request)
                if len(opened) == 1:
                    admin.post_event("report.ready", {"n": 1}, namespace="acme")
                    raise httpx.ReadError("cut", request=request)
            return super().handle_request(request)

    with httpx.Client(transport=Broken()) as http:
        client = AdminClient(
            admin._headers["authorization"].removeprefix("Bearer "),
            base_url=admin._base_url,
            http_client=http,
            retry=RetryPolicy(base_s=0),
        )
        event = next(client.stream_events(types=["report.*"], namespace="acme"))
        assert event["data"] == {"n": 1}
    assert len(opened) == 2


@pytest.mark.anyio
async def test_the_async_client_does_the_same(async_admin: AsyncAdminClient) -> None:
    async with async_admin as client:
        ids = []
        for n in range(3):
            ids.append((await client.post_event("page.turned", {"n": n}))["event"]["id"])
        listed = client.list_events(type="page.turned", limit=2)
        assert [event["id"] async for event in listed] == ids[::-1]
        assert (await listed.page()).items[0]["id"] == ids[2]
        async for event in client.stream_events(after=ids[0]):
            assert event["id"] == ids[1]
            break
        with pytest.raises(NotFound):
            await client.get_event("evt_none")


def test_keys_and_workspaces_are_checked(server: Server, admin: AdminClient) -> None:
    me = admin.me()
    key = admin.create_key(
        name="agent", kind="scoped", namespace="acme", permissions=["events:write"]
    )
    assert key["api_key"]
    with Client(key["api_key"], me["workspace_id"], server.url) as agent:
        agent.post_event("report.ready", {}, namespace="acme")
    with (
        Client(key["api_key"], "ws-01KAJ0Q8ZV8J6N2T4R5W7X9Y1A", server.url) as agent,
        pytest.raises(BellwireError, match="the key is of ws-"),
    ):
        agent.post_event("report.ready", {}, namespace="acme")
    assert key["key_id"] in [one["key_id"] for one in admin.list_keys()]
    assert [one["name"] for one in admin.list_namespaces()] == ["acme"]
    admin.revoke_key(key["key_id"])
    with Client(key["api_key"], base_url=server.url) as agent, pytest.raises(Unauthorized):
        agent.me()
    admin.delete_namespace("acme")
    link = admin.create_portal_link("acme", expires_in_s=60, read_only=True)
    assert "#" in link["url"]


def test_the_audit_log_is_read_and_whole(admin: AdminClient) -> None:
    admin.create_key(name="k", kind="workspace")
    actions = [entry["action"] for entry in admin.list_audit(limit=1)]
    assert "key.create" in actions
    exported = [entry["action"] for entry in admin.export_audit(since="1h")]
    assert exported == actions[::-1]
    assert admin.check_audit()["status"] == "intact"


def test_the_server_tells_about_itself(admin: AdminClient, server: Server) -> None:
    assert admin.public_keys()[0]["public_key"].startswith("whpk_")
    assert admin.settings()["dev"]
    overview = admin.overview()
    spent = overview["spend_today"]
    assert spent is not None
    assert spent["total_usd"] == Decimal(0)
    assert "/v1/changes/stream" in admin.openapi()["paths"]
    with pytest.raises(Invalid, match="not set up"):
        admin.test_integration("slack")
    with AdminClient(server.owner_key, base_url=server.url) as owner:
        assert len(list(owner.list_workspaces())) >= 1


def test_what_changes_is_told(admin: AdminClient) -> None:
    changes = admin.stream_changes()
    hello = next(changes)
    assert hello["event"] == "hello"
    assert "events" in hello["data"]["topics"]
    admin.post_event("report.ready", {})
    changed = next(changes)
    assert changed["event"] == "changed"
    assert set(changed["data"]["topics"]) <= set(hello["data"]["topics"])
