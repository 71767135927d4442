"""What the package offers is there, for programs and for type checkers alike."""

from __future__ import annotations

import ast
from pathlib import Path

import bellwire


def test_names_have_one_home() -> None:
    tree = ast.parse(Path(bellwire.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    checked = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        checked.update({one.name: f".{node.module}" for one in node.names})
    assert checked == bellwire._HOME
    for name in bellwire.__all__:
        assert getattr(bellwire, name) is not None
    assert set(dir(bellwire)) == set(bellwire.__all__)
