#!/usr/bin/env python3
"""Runs every fenced block of the README, the guides and the concepts, in order, against the real binary,
each document in a fresh folder. Prints a line for each block; what is not run says why, and is counted.

    e2e/guides/run.py [--only FILE]... [--list]

The binary is BELLWIRE_BIN, else target/debug/bellwire. How a block says what it is: e2e/guides/README.md."""

import argparse
import collections
import os
import pathlib
import sys
import traceback

import blocks
import links
import story
from faults import Skipped, Wrong

ROOT = story.ROOT
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("guides/*.md")), *sorted((ROOT / "docs").glob("concepts/*.md"))]
# Written from the code: what they show is checked where it is written.
LINKED = sorted([ROOT / "docs/performance.md", *(ROOT / "docs").glob("reference/*.md")])


def told(document, binary, count):
    """Tells one document; what is wrong in it, or nothing."""
    name = document.relative_to(ROOT)
    for link in links.broken(document):
        print(f"{name}: WRONG link {link}", file=sys.stderr, flush=True)
        count["broken links"] += 1
    try:
        steps = blocks.steps(document.read_text(encoding="utf-8"))
    except blocks.Unclear as error:
        print(f"{name}: WRONG", flush=True)
        return f"{name}: {error}"
    if not steps:
        return None
    here, step = story.Story(binary), None
    try:
        for step in steps:
            what = "ran"
            try:
                remark = here.run(step)
                if step.kind == "unrun":
                    what = f"not run: {step.words['unrun']}"
                elif step.kind == "file":
                    what = "written, for a block after it"
            except Skipped as why:
                what = f"SKIPPED: {why}"
            if step.kind == "directive" and remark:
                print(f"{name}:{step.line:<4} {step.title:44} {remark}", flush=True)
            if step.kind != "directive":
                count[what] += 1
                print(f"{name}:{step.line:<4} {step.title:44} {what}", flush=True)
        here.end()
        return None
    except Exception as error:
        expected = isinstance(error, (Wrong, RuntimeError, OSError))
        said = str(error) if expected else traceback.format_exc()
        print(f"{name}:{step.line:<4} {step.title:44} WRONG", flush=True)
        return f"{name}:{step.line}: " + said.rstrip().replace("\n", "\n    ")
    finally:
        here.close()


def listed(documents):
    """Lists blocks; whether all of them are known, and links lead somewhere."""
    wrong = 0
    for document in documents:
        name = document.relative_to(ROOT)
        try:
            for step in blocks.steps(document.read_text(encoding="utf-8")):
                print(f"{name}:{step.line:<4} {step.title:44} {step.kind}")
        except blocks.Unclear as error:
            print(f"{name}: {error}", file=sys.stderr)
            wrong = 1
    for document in [*documents, *LINKED]:
        for link in links.broken(document):
            print(f"{document.relative_to(ROOT)}: {link}", file=sys.stderr)
            wrong = 1
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="FILE", help="only this document; may be repeated")
    parser.add_argument("--list", action="store_true", help="list the blocks, and what would be done with them")
    given = parser.parse_args()
    documents = [pathlib.Path(one).resolve() for one in given.only or []] or DOCUMENTS
    if given.list:
        return listed(documents)
    binary = pathlib.Path(os.environ.get("BELLWIRE_BIN") or ROOT / "target/debug/bellwire").resolve()
    if not binary.is_file():
        print(f"{binary}: there is no such binary; build it, or name one in BELLWIRE_BIN", file=sys.stderr)
        return 2
    for needed, by in (("sdks/typescript/dist", "sdks/typescript/check"), ("e2e/node/node_modules", "scripts/need")):
        if not (ROOT / needed).is_dir():
            print(f"{needed} is not there: {by} makes it", file=sys.stderr)
            return 2
    count = collections.Counter()
    # At the end, where whoever looks for them looks first.
    wrong = [fault for document in documents if (fault := told(document, binary, count)) is not None]
    print()
    broken = count.pop("broken links", 0)
    print(f"{sum(count.values())} blocks of {len(documents)} documents, {count.pop('ran', 0)} of them ran")
    for what, number in sorted(count.items()):
        reason = blocks.REASONS.get(what.removeprefix("not run: "))
        print(f"{number:4} {what}" + (f": {reason}" if reason else ""))
    for fault in wrong:
        print(f"WRONG: {fault}")
    if broken:
        print(f"WRONG: {broken} links lead nowhere")
    return 1 if wrong or broken else 0


if __name__ == "__main__":
    sys.exit(main())
