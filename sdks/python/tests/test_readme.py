"""Every block of the README runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import flask
import pytest

from bellwire import AdminClient, Scheme

from .conftest import Receiver, Server, eventually
from .running import loaded, serving
from .test_examples import Relay

HERE = Path(__file__).resolve().parents[1]
TEXT = (HERE / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python(?: app=(\w+))?\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
SCRIPTS = [code for kind, code in BLOCKS if not kind]
APPS = {kind: code for kind, code in BLOCKS if kind}


def test_links_lead_somewhere_in_the_package_too() -> None:
    assert re.findall(r"\]\((?!https://)[^)]*\)", TEXT) == []


def title(code: str) -> str:
    return code.strip().splitlines()[-1].strip()


@pytest.mark.parametrize("code", SCRIPTS, ids=title)
def test_a_script_runs(code: str, server: Server, workspace_key: str, tmp_path: Path) -> None:
    path = tmp_path / "block.py"
    path.write_text(code, encoding="utf-8")
    environment = {**os.environ, "BELLWIRE_URL": server.url, "BELLWIRE_KEY": workspace_key}
    done = subprocess.run(
        [sys.executable, "-W", "error", path], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def block(kind: str, secret: str, tmp_path: Path) -> Any:
    path = tmp_path / f"{kind}.py"
    path.write_text(APPS[kind], encoding="utf-8")
    return loaded(path, {"SECRET": secret, "STATE": str(tmp_path / "state")})


def test_the_fastapi_block_receives(
    admin: AdminClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = Relay()
    with serving(relay) as url:
        endpoint = admin.create_webhook(url=url + "/hook", events=["*"])
        with block("fastapi", endpoint["secret"] or "", tmp_path) as example:
            relay.application = example["app"]
            assert admin.test_webhook(endpoint["id"])["status"] == 200
    assert "webhook.test" in capsys.readouterr().out


def test_the_flask_block_receives(
    admin: AdminClient, receiver: Receiver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = admin.create_webhook(url=receiver.url, events=["*"])
    admin.test_webhook(endpoint["id"])
    got = receiver.next()
    with block("flask", endpoint["secret"] or "", tmp_path) as example:
        app: flask.Flask = example["app"]
        with app.test_client() as client:
            assert client.post("/hook", data=got.body, headers=got.headers).status_code == 204
            assert client.post("/hook", data=b"{}", headers=got.headers).status_code == 401
    assert "webhook.test" in capsys.readouterr().out


@pytest.mark.parametrize("dialect", ["standard", "paygraph"])
def test_the_approvals_block_decides(admin: AdminClient, tmp_path: Path, dialect: Scheme) -> None:
    policy = admin.create_policy(name="ask", rules=[{"require_approval_above_usd": 1000}])
    wallet = admin.create_wallet(name="agent", budget_usd=9000, policy_id=policy["id"])
    relay = Relay()
    with serving(relay) as url:
        endpoint = admin.create_webhook(
            url=url + "/approvals", events=["approval.requested"], dialect=dialect
        )
        with block("approvals", endpoint["secret"] or "", tmp_path) as example:
            relay.application = example["app"]
            for amount, status in ((1500, "approved"), (2500, "denied")):
                answer: Any = admin.create_purchase(
                    wallet["id"], amount_usd=amount, vendor="AWS", description="GPUs"
                )
                ended = admin.get_approval(answer["approval"]["id"], wait="20s")
                assert ended["status"] == status
            eventually(lambda: all(one["status"] == "success" for one in admin.list_deliveries()))
