"""Whether what was printed is what a document shows. `…` stands for whatever is there: in a line of
text, for some of the line; alone in a line, for any lines; in JSON, in a text for some of it, and as
`…` beside other members for members that are not shown."""

import json
import re


def pattern(shown):
    """A regular expression of some lines of text."""
    parts = []
    for line in shown.rstrip("\n").split("\n"):
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            # Blanks at the end are not seen, and columns are as wide as they need.
            shown = (re.sub(r"(?:\\ ){2,}", " +", re.escape(part)) for part in line.rstrip().split("…"))
            parts.append(".*?".join(shown) + r"[ \t]*\n")
    return "".join(parts)


def text_is(shown, printed):
    return re.fullmatch(pattern(shown), printed.strip("\n") + "\n") is not None


def text_has(shown, printed):
    """Where the shown lines end in what was printed, or -1."""
    found = re.search("^" + pattern(shown), printed if printed.endswith("\n") else printed + "\n", re.MULTILINE)
    return found.end() if found else -1


class Number(str):
    """As it is written: 12.50 is not 12.5."""


def read(document):
    return json.loads(document, parse_float=Number, parse_int=Number)


def spelled(shown):
    """JSON in which `…` for members or elements is one."""
    shown = re.sub(r"\{\s*…\s*\}", '{"…": "…"}', shown)
    shown = re.sub(r",\s*…\s*\}", ', "…": "…"}', shown)
    shown = re.sub(r"\[\s*…\s*\]", '["……"]', shown)
    return re.sub(r",\s*…\s*\]", ', "……"]', shown)


def documents(text):
    """The JSON documents of a text, one after the other."""
    decoder, at, found = json.JSONDecoder(parse_float=Number, parse_int=Number), 0, []
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        found.append(value)
    return found


def json_is(shown, value):
    if isinstance(shown, dict):
        if not isinstance(value, dict):
            return False
        wanted = {name: one for name, one in shown.items() if name != "…"}
        if "…" not in shown and set(wanted) != set(value):
            return False
        return all(name in value and json_is(one, value[name]) for name, one in wanted.items())
    if isinstance(shown, list):
        if not isinstance(value, list):
            return False
        more = bool(shown) and shown[-1] == "……"
        wanted = shown[:-1] if more else shown
        fits = len(wanted) <= len(value) if more else len(wanted) == len(value)
        return fits and all(json_is(one, other) for one, other in zip(wanted, value))
    if isinstance(shown, str) and not isinstance(shown, Number) and "…" in shown:
        if shown == "…":
            return True
        if not isinstance(value, str):
            return False
        return re.fullmatch(".*?".join(map(re.escape, shown.split("…"))), value, re.DOTALL) is not None
    return type(shown) is type(value) and shown == value


def all_json_is(shown, printed):
    """Whether the printed documents are the shown ones; what is printed may be no JSON at all."""
    wanted = documents(spelled(shown))
    try:
        values = documents(printed)
    except ValueError:
        return False
    return len(wanted) == len(values) and all(map(json_is, wanted, values))
