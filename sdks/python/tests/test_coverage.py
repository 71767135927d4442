"""Every operation for programs is one method of the client, with all of its parameters."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import bellwire._async
from bellwire import AdminClient, AsyncAdminClient, AsyncClient, Client

from .conftest import ROOT, Server

# What the client has no method for, and why.
ELSEWHERE = {
    "GET /healthz": "for load balancers",
    "GET /readyz": "for load balancers",
    "GET /metrics": "for Prometheus",
    "GET /asyncapi.json": "the description of the events",
    "GET /api/wallets/{wallet_id}/balance": "another path of GET /v1/wallets/{wallet_id}/balance",
    "GET /v1/webhooks/deliveries/{delivery_id}": "another path of GET /v1/deliveries/{delivery_id}",
    "POST /v1/webhooks/deliveries/{delivery_id}/retry": "another path of its namesake",
    "POST /v1/integrations/slack/interactions": "Slack calls it",
    "GET /v1/session": "a browser's",
    "POST /v1/session": "a browser's",
    "DELETE /v1/session": "a browser's",
    "POST /v1/session/links": "a browser's",
    "GET /v1/try": "the playground's",
    "POST /v1/try": "the playground's",
    "POST /v1/try/catch/{behaviour}": "the playground's",
}
# Parameters that a method has under another name, or that would be refused if they were there.
LEFT_OUT = {
    ("GET /v1/events/stream", "Last-Event-ID"): "`after`, and by itself after a break",
    ("POST /v1/approvals/{approval_id}", "webhook-id"): "`ApprovalWebhook` decides by signature",
    ("POST /v1/approvals/{approval_id}", "webhook-timestamp"): "see webhook-id",
    ("POST /v1/approvals/{approval_id}", "webhook-signature"): "see webhook-id",
    **{
        ("PATCH /v1/wallets/{wallet_id}", name): "cannot be changed"
        for name in ("parent_id", "window", "tz", "sandbox", "namespace", "agent_id")
    },
}
# The same operation in another form: a stream of its lines.
AS_LINES = {"export_audit"}


@dataclass
class Call:
    """A request as a method makes it."""

    method: str
    operation: str
    arguments: set[str]
    query: set[str] = field(default_factory=set)
    body: set[str] | None = None
    keyed: bool = False


def calls() -> Iterator[Call]:
    for path in sorted(Path(bellwire._async.__path__[0]).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from calls_in(function)


def calls_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Call]:
    arguments = {one.arg for one in [*function.args.args, *function.args.kwonlyargs]}
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        literals = [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
        if node.func.attr in ("_request", "_paged") and len(literals) >= 2:
            operation = f"{literals[0]} {literals[1]}"
        elif node.func.attr in ("_streamed", "_followed") and literals:
            operation = f"GET {literals[0]}"
        else:
            continue
        made = Call(function.name, operation, arguments)
        for keyword in node.keywords:
            if keyword.arg == "query":
                assert isinstance(keyword.value, ast.Dict), operation
                keys = keyword.value.keys
                made.query = {str(key.value) for key in keys if isinstance(key, ast.Constant)}
            elif keyword.arg == "body":
                assert isinstance(keyword.value, ast.Call), operation
                made.body = {str(one.arg) for one in keyword.value.keywords}
            elif keyword.arg == "keyed":
                made.keyed = True
        yield made


DOCUMENT = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
CALLS = [call for call in calls() if call.method not in ("request", "_see_workspace")]


def parameters(operation: str, place: str) -> set[str]:
    found = {
        one["name"] for one in OPERATIONS[operation].get("parameters", []) if one["in"] == place
    }
    return {name for name in found if (operation, name) not in LEFT_OUT}


def members(operation: str) -> set[str] | None:
    content = OPERATIONS[operation].get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    found = properties(content["application/json"]["schema"])
    return {name for name in found if (operation, name) not in LEFT_OUT}


def properties(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return properties(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    found = set(schema.get("properties", {}))
    return found.union(*(properties(part) for part in schema.get("allOf", [])))


def test_every_operation_is_exactly_one_method() -> None:
    named = [call.operation for call in CALLS if call.method not in AS_LINES]
    assert sorted(named) == sorted(set(named)), "an operation has two methods"
    missing = set(OPERATIONS) - set(named) - set(ELSEWHERE)
    assert not missing, "the API has operations that the client has not: write methods for them"
    gone = (set(named) | set(ELSEWHERE)) - set(OPERATIONS)
    assert not gone, "the client knows operations that the API has not"
    assert not set(named) & set(ELSEWHERE)


def test_every_parameter_is_there() -> None:
    for call in CALLS:
        if call.method in AS_LINES:
            continue
        assert call.query == parameters(call.operation, "query"), call.operation
        wanted = members(call.operation)
        assert call.body == wanted or (wanted == set() and call.body is None), call.operation
        path = parameters(call.operation, "path")
        assert path <= call.arguments, call.operation


def test_what_knows_idempotency_keys_gets_one() -> None:
    for call in CALLS:
        if call.method in AS_LINES:
            continue
        headers = parameters(call.operation, "header")
        knows = "Idempotency-Key" in headers
        assert call.keyed == knows, call.operation
        assert ("idempotency_key" in call.arguments) == knows, call.operation
        # Who has the answer is for caches: a program asks for what it needs.
        assert not headers - {"Idempotency-Key", "If-None-Match"}, call.operation


def test_keys_are_honoured(admin: AdminClient, server: Server, workspace_key: str) -> None:
    pushed = admin.create_webhook(url="http://127.0.0.1:4999/", events=["x.*"])["id"]
    pulled = admin.create_webhook(kind="pull", events=["job.*"])["id"]
    policy = admin.create_policy(name="p", rules=[])["id"]
    wallet = admin.create_wallet(name="w", budget_usd=1)["id"]
    for _ in range(2):
        admin.post_event("job.done", {})
    first, second = admin.pull(pulled, max=2, wait="5s")
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST /v1/workspaces", "/v1/workspaces", {"name": "w"}),
        ("POST /v1/keys", "/v1/keys", {"name": "k", "kind": "workspace"}),
        ("POST /v1/event-types", "/v1/event-types", {"name": "a.b"}),
        ("POST /v1/webhooks/{endpoint_id}/rotate-secret", "", {}),
        ("POST /v1/webhooks/{endpoint_id}/rotate-secret/finish", "", {}),
        ("POST /v1/webhooks/{endpoint_id}/replay", "", {"since": "1h"}),
        ("PATCH /v1/webhooks/{endpoint_id}", "", {"description": "x"}),
        ("POST /v1/deliveries/{delivery_id}/extend", first["id"], {}),
        ("POST /v1/deliveries/{delivery_id}/ack", first["id"], {}),
        ("POST /v1/deliveries/{delivery_id}/nack", second["id"], {"delay": "1h"}),
        ("POST /v1/deliveries/{delivery_id}/retry", second["id"], {}),
        ("PUT /v1/policies/{policy_id}", "", {"name": "q", "rules": []}),
        ("PATCH /v1/policies/{policy_id}", "", {"name": "r"}),
        ("PATCH /v1/wallets/{wallet_id}", "", {"name": "v", "reason": "test"}),
    ]
    for operation, delivery, body in asked:
        method, template = operation.split(" ")
        path = template.format(
            endpoint_id=pushed, policy_id=policy, wallet_id=wallet, delivery_id=delivery
        )
        key = server.owner_key if template == "/v1/workspaces" else workspace_key
        headers = {"authorization": f"Bearer {key}", "idempotency-key": "k1"}
        answers = [
            httpx.request(method, server.url + path, json=body, headers=headers) for _ in range(2)
        ]
        assert answers[0].is_success, (operation, answers[0].text)
        assert answers[1].headers.get("idempotency-replayed") == "true", operation
        assert answers[0].content == answers[1].content, operation


def test_methods_are_public_on_the_admin_client() -> None:
    for call in CALLS:
        assert callable(getattr(AdminClient, call.method)), call.method
        assert callable(getattr(AsyncAdminClient, call.method)), call.method


def test_the_twins_have_the_same_methods() -> None:
    for one, other in ((Client, AsyncClient), (AdminClient, AsyncAdminClient)):
        names = {name for name in dir(one) if not name.startswith("_")} - {"close"}
        assert names == {name for name in dir(other) if not name.startswith("_")} - {"aclose"}
        for name in names:
            mine, its = (inspect.signature(getattr(kind, name)) for kind in (one, other))
            assert list(mine.parameters) == list(its.parameters), name
