#!/usr/bin/env python3
"""Runs the code of docs/guides/verify-by-hand.md: each block must accept every signed sample of its
scheme, and refuse it with one byte changed, with another secret, and (where it is dated) an hour
later. Prints one line per block and exits with 1 if one was wrong."""

import base64
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GUIDE = HERE.parent.parent / "docs/guides/verify-by-hand.md"
BLOCK = re.compile(r"^```(python|js) scheme=(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WRONG = {"whsec_": "whsec_" + "A" * 64, "whpk_": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="}
FOREVER = "forever"

PYTHON = """
import base64 as _b64, json as _json, sys as _sys
def _run(case):
    secret, given, body, *rest = case
    rest = [None if one == "forever" else one for one in rest]
    try:
        verify(secret, given, _b64.b64decode(body), *rest)
        return "ok"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
print(_json.dumps([_run(case) for case in _json.load(_sys.stdin)]))
"""
NODE = """
import { readFileSync as _read } from "node:fs";
const _run = ([secret, given, body, ...rest]) => {
  try {
    verify(secret, given, Buffer.from(body, "base64"), ...rest.map((one) => (one === "forever" ? Infinity : one)));
    return "ok";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
console.log(JSON.stringify(JSON.parse(_read(0, "utf8")).map(_run)));
"""


def given(scheme, sample):
    """What the block is handed besides secret and body, or nothing if the sample is not for it."""
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
    """Calls, each with whether it is to be accepted."""
    for sample in samples:
        what = given(scheme, sample)
        if what is None:
            continue
        secret = sample.get("public_key") or sample["secret"]
        body = base64.b64decode(sample["body_base64"])
        changed = body[:-2] + bytes([body[-2] ^ 1]) + body[-1:]
        wrong = WRONG[secret[: secret.index("_") + 1]]
        b64 = lambda text: base64.b64encode(text).decode()
        dated = scheme != "keystore"
        at = [sample["now"]] if dated else []
        if sample["dialect"] == "paygraph" and scheme == "stamped":
            at, dated = [sample["now"], FOREVER], False
        yield True, [secret, what, b64(body), *at]
        yield False, [secret, what, b64(changed), *at]
        yield False, [wrong, what, b64(body), *at]
        if dated:
            yield False, [secret, what, b64(body), sample["now"] + 3600]


def run(language, code, calls):
    suffix, harness, command = {
        "python": (".py", PYTHON, [sys.executable]),
        "js": (".mjs", NODE, ["node"]),
    }[language]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "block" + suffix)
        file.write_text(code + harness, encoding="utf-8")
        done = subprocess.run([*command, file], input=json.dumps(calls), capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip()
    return json.loads(done.stdout), ""


def main():
    samples = json.loads((HERE / "samples.json").read_text(encoding="utf-8"))
    blocks = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    failed = 0
    for language, scheme, code in blocks:
        expected = list(cases(scheme, samples))
        said, trouble = run(language, code, [call for _, call in expected])
        wrong = [] if said is not None else [trouble]
        for (accept, _), answer in zip(expected, said or []):
            if accept != (answer == "ok"):
                wrong.append(f"expected {'ok' if accept else 'a refusal'}, got {answer}")
        if not expected:
            wrong.append("no sample is of this scheme")
        failed += bool(wrong)
        print(f"{scheme:9} {language:6} {len(expected):3} calls  {'ok' if not wrong else 'WRONG'}")
        for line in wrong:
            print(f"    {line}", file=sys.stderr)
    schemes = {"standard", "ed25519", "stamped", "pacspace", "keystore"}
    missing = {(language, scheme) for language in ("python", "js") for scheme in schemes}
    missing -= {(language, scheme) for language, scheme, _ in blocks}
    if missing:
        print(f"no block for {sorted(missing)}", file=sys.stderr)
    sys.exit(1 if failed or missing else 0)


if __name__ == "__main__":
    main()
