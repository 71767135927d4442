"""Whether the links of a document lead somewhere: to a file that is there, and a heading in it."""

import re

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
BLOCK = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")


def anchors(text):
    """As GitHub makes them of headings."""
    found = set()
    for heading in HEADING.findall(BLOCK.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = 1
        while anchor in found:
            anchor, count = f"{anchor}-{count}", count + 1
        found.add(anchor)
    return found


def broken(document):
    """The links that lead nowhere."""
    text = document.read_text(encoding="utf-8")
    wrong = []
    for link in (one or other for one, other in LINK.findall(CODE.sub("", BLOCK.sub("", text)))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            wrong.append(f"{link}: there is no such file")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            wrong.append(f"{link}: there is no such heading")
    return wrong
