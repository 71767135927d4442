"""Runs the functions of docs/guides/verify-by-hand.md: each must accept every signed sample of its scheme,
and refuse it with one byte changed, with another secret, and (where it is dated) an hour earlier or later."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

from faults import Skipped, Wrong

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HARNESSES = pathlib.Path(__file__).resolve().parent / "harnesses"
WRONG = {"whsec_": "whsec_" + "A" * 64, "whpk_": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="}
TOOL = {"python": sys.executable, "ts": "node", "go": "go", "ruby": "ruby", "rust": "cargo"}
SCHEMES = {"standard", "ed25519", "stamped", "pacspace", "keystore"}
NOT_DATED = {"keystore"}


# What the page must have.
NEEDED = {(language, scheme) for language in TOOL for scheme in SCHEMES}


def given(scheme, sample):
    """What the function is handed besides secret and body, or nothing if the sample is not for it."""
    headers = {name.lower(): value for name, value in sample["headers"].items()}
    asymmetric = "public_key" in sample
    if scheme in ("standard", "ed25519"):
        wanted = "webhook-id" in headers and asymmetric == (scheme == "ed25519")
        return headers if wanted else None
    if asymmetric or "only" in sample:
        return None
    if scheme == "stamped":
        return headers.get("x-trove-signature") or headers.get("x-paygraph-signature")
    return headers if sample["dialect"] == scheme else None


def cases(scheme, samples):
    """Calls (secret, headers, body, now, tolerance), each with whether it is to be accepted."""
    for sample in samples:
        what = given(scheme, sample)
        if what is None:
            continue
        secret = sample.get("public_key") or sample["secret"]
        body = base64.b64decode(sample["body_base64"])
        changed = body[:-2] + bytes([body[-2] ^ 1]) + body[-1:]
        wrong = WRONG[secret[: secret.index("_") + 1]]
        b64 = lambda text: base64.b64encode(text).decode()
        now, dated = sample["now"], scheme not in NOT_DATED
        tolerance = 300
        if sample["dialect"] == "paygraph" and scheme == "stamped":
            tolerance, dated = None, False
        yield True, [secret, what, b64(body), now, tolerance]
        yield False, [secret, what, b64(changed), now, tolerance]
        yield False, [wrong, what, b64(body), now, tolerance]
        if dated:
            yield False, [secret, what, b64(body), now + 3600, tolerance]
            yield False, [secret, what, b64(body), now - 3600, tolerance]


def program(language, scheme, code, folder):
    """Writes a program that answers calls with the function, and tells how to run it."""
    kind = "header" if scheme == "stamped" else "headers"
    dated = scheme not in NOT_DATED
    harness = (HARNESSES / f"{language}.txt").read_text(encoding="utf-8")
    # A harness has parts for functions that take one header, and for those that know no time.
    lines = []
    for line in harness.splitlines():
        text, _, only = line.partition(" @@")
        if only and only not in (kind, "dated" if dated else "undated", f"{kind} {'dated' if dated else 'undated'}"):
            continue
        lines.append(text)
    harness = "\n".join(lines) + "\n"
    if language == "python":
        (folder / "block.py").write_text(code + harness, encoding="utf-8")
        return [sys.executable, "block.py"]
    if language == "ts":
        (folder / "block.mts").write_text(code + harness, encoding="utf-8")
        compiled = subprocess.run(
            ["node", ROOT / "e2e/guides/compile.mjs", folder / "block.mts"],
            env={**os.environ, "GUIDE_ROOT": str(ROOT)}, capture_output=True, text=True,
        )  # fmt: skip
        if compiled.returncode != 0:
            raise Wrong(compiled.stderr)
        return ["node", "block.compiled.mjs"]
    if language == "go":
        (folder / "go.mod").write_text("module guide\n", encoding="utf-8")
        (folder / "block.go").write_text(code.replace("package webhook\n", "package main\n"), encoding="utf-8")
        (folder / "main.go").write_text(harness, encoding="utf-8")
        return ["go", "run", "."]
    if language == "ruby":
        (folder / "block.rb").write_text(code + harness, encoding="utf-8")
        return ["ruby", "block.rb"]
    (folder / "src").mkdir()
    (folder / "src/main.rs").write_text(code + harness, encoding="utf-8")
    (folder / "Cargo.toml").write_text(manifest(), encoding="utf-8")
    # The crates are those of the workspace, at its versions: nothing is fetched that was not before.
    shutil.copy(ROOT / "Cargo.lock", folder / "Cargo.lock")
    return ["cargo", "run", "--quiet", "--offline"]


def manifest():
    of = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["dependencies"]
    version = lambda one: one if isinstance(one, str) else one["version"]
    wanted = ("base64", "ed25519-dalek", "hex", "hmac", "serde_json", "sha2", "subtle")
    listed = "".join(f'{name} = "{version(of[name])}"\n' for name in wanted)
    return f'[package]\nname = "guide"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n{listed}\n[workspace]\n'


def check(language, scheme, code):
    """Nothing, if it is right."""
    if language not in TOOL or scheme not in SCHEMES:
        raise Wrong(f"nobody knows how to run {language} for {scheme}")
    if shutil.which(TOOL[language]) is None:
        raise Skipped(f"no {TOOL[language]} here")
    samples = json.loads((ROOT / "e2e/verify/samples.json").read_text(encoding="utf-8"))
    calls = list(cases(scheme, samples))
    if not calls:
        raise Wrong("no sample is of this scheme")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        command = program(language, scheme, code, folder)
        # What all functions of a language are built of, they build once.
        cache = ROOT / ".cache/guides"
        environment = {
            **os.environ,
            "CARGO_TARGET_DIR": str(cache / "rust"),
            "GOCACHE": str(cache / "go"),
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
        }
        said = [call for _, call in calls]
        done = subprocess.run(
            command, cwd=folder, env=environment, input=json.dumps(said), capture_output=True, text=True
        )
    if done.returncode != 0:
        raise Wrong(done.stderr.strip() or f"it ended with {done.returncode}")
    wrong = [
        f"expected {'ok' if accept else 'a refusal'}, got {answer}"
        for (accept, _), answer in zip(calls, json.loads(done.stdout), strict=True)
        if accept != (answer == "ok")
    ]
    if wrong:
        raise Wrong("\n".join(wrong))
