"""What is in a document: fenced blocks, and what comments tell the runner (`<!-- guide: … -->`)."""

import re
import shlex
from dataclasses import dataclass, field

FENCE = re.compile(r"^( *)(```+)[ ]*(.*)$")
DIRECTIVE = re.compile(r"^<!-- guide: (.*?) -->$")

PROGRAMS = {"python": ".py", "js": ".mjs", "ts": ".mts", "go": ".go", "ruby": ".rb", "rust": ".rs"}
SHOWN = ("text", "json", "csv", "html")
CONFIGURATION = ("toml", "yaml", "json", "sql", "text", *PROGRAMS)
# Why a block is not run. Its syntax is checked where that can be done.
REASONS = {
    "builds": "builds the project, which the tests did before",
    "elsewhere": "needs a host, an account or a service that tests have not",
    "illustration": "shows a shape; there is nothing to run",
}
# What an info string may say of a block, by what is done with it.
WORDS = {
    "run": {"terminal", "background", "until", "fails"},
    "program": {"terminal", "fails"},
    "output": {"output", "terminal"},
    "file": {"file"},
    "sql": {"database"},
    "scheme": {"scheme"},
    "unrun": {"unrun"},
    "directive": set(),
}


class Unclear(Exception):
    """A block or comment of which nobody knows what to do with it."""


@dataclass
class Step:
    """A block, or a comment to the runner."""

    line: int
    kind: str
    language: str = ""
    words: dict = field(default_factory=dict)
    code: str = ""
    arguments: list = field(default_factory=list)

    @property
    def title(self):
        if self.kind == "directive":
            return "(" + " ".join(self.arguments) + ")"
        said = [f"{name}={value}" if value is not True else name for name, value in self.words.items()]
        return " ".join([self.language, *said])


def words(info):
    """The language and what follows it: `name` or `name=value`."""
    language, *rest = shlex.split(info) or [""]
    said = {}
    for one in rest:
        name, equals, value = one.partition("=")
        said[name] = value if equals else True
    return language, said


def kind(language, said):
    """What is to be done with a block."""
    for name in ("file", "terminal", "until", "scheme", "database"):
        if said.get(name) is True:
            raise Unclear(f"{name} needs a value, {name}=…")
    if "unrun" in said:
        if said["unrun"] not in REASONS:
            raise Unclear(f"unrun={said['unrun']} is no reason; one of {', '.join(REASONS)}")
        return "unrun"
    if "scheme" in said and language in PROGRAMS:
        return "scheme"
    if "file" in said and language in (*CONFIGURATION, "sh"):
        return "file"
    if "output" in said and language in SHOWN:
        return "output"
    if language == "sh":
        return "run"
    if language == "sql":
        return "sql"
    if language in ("python", "js", "ts"):
        return "program"
    raise Unclear(
        f"```{language}``` says nothing that the runner knows: say output, file=NAME or unrun="
        + "|".join(REASONS)
    )


def steps(text):
    """Blocks and comments of a document, in order."""
    found, lines, at = [], text.splitlines(), 0
    while at < len(lines):
        told = DIRECTIVE.match(lines[at])
        if told:
            found.append(Step(at + 1, "directive", arguments=shlex.split(told.group(1))))
        opened = FENCE.match(lines[at])
        at += 1
        if not opened:
            continue
        indent, fence, info = opened.groups()
        start = at
        while at < len(lines) and lines[at].strip() != fence:
            at += 1
        if at == len(lines):
            raise Unclear(f"line {start}: the block has no end")
        code = "".join(line.removeprefix(indent) + "\n" for line in lines[start:at])
        at += 1
        try:
            language, said = words(info)
            what = kind(language, said)
            unknown = set(said) - WORDS[what]
            if unknown:
                raise Unclear(f"a block that is {what} knows no {', '.join(sorted(unknown))}")
        except (Unclear, ValueError) as error:
            raise Unclear(f"line {start}: {error}") from None
        found.append(Step(start, what, language, said, code))
    return found
