#!/usr/bin/env python3
"""Makes `bellwire._sync` of `bellwire._async`, word by word.

python scripts/generate_sync.py            writes it
python scripts/generate_sync.py --check    exits with 1 if it is not what would be written
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCE = HERE / "src/bellwire/_async"
TARGET = HERE / "src/bellwire/_sync"
BY_HAND = {"seams.py", "__init__.py"}

WORDS = [
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAwaitable, ", ""),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\b__a(enter|exit|iter)__\b", r"__\1__"),
    (r"\ba(close|closing|read|iter_bytes)\b", r"\1"),
    (r"\bAsync(?=[A-Z])", ""),
    (r"\b_async\b", "_sync"),
    # What mypy minds in a function and does not in a coroutine.
    (r"# sync: ", "# "),
]


def written() -> dict[str, str]:
    """The files, formatted all at once."""
    with tempfile.TemporaryDirectory() as place:
        for path in SOURCE.glob("*.py"):
            if path.name not in BY_HAND:
                made = replaced(path.read_text(encoding="utf-8"), path.name)
                (Path(place) / path.name).write_text(made, encoding="utf-8")
        for command in (["check", "--fix", "--select", "I"], ["format"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache"]
            config = ["--config", str(HERE / "pyproject.toml"), place]
            subprocess.run([*ruff, *config], check=True)
        return {path.name: path.read_text(encoding="utf-8") for path in Path(place).glob("*.py")}


def replaced(text: str, name: str) -> str:
    for pattern, word in WORDS:
        text = re.sub(pattern, word, text)
    return f"# Made by scripts/generate_sync.py of _async/{name}: change that.\n{text}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    files = written()
    stale = {path.name for path in TARGET.glob("*.py")} - BY_HAND - set(files)
    wrong = sorted(stale)
    for name, text in sorted(files.items()):
        target = TARGET / name
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        wrong.append(name)
        if not check:
            target.write_text(text, encoding="utf-8")
    if not check:
        for name in stale:
            (TARGET / name).unlink()
    elif wrong:
        print(f"not fresh, run scripts/generate_sync.py: {', '.join(wrong)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
