"""Whether a value is what a type says: the models are held to what the server really answers."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from functools import wraps
from typing import Any

import httpx

from bellwire import models
from bellwire._sync import client, paging

NAMES = {**vars(models), "models": models, "Pager": paging.Pager}


def faults(value: object, hint: Any, at: str) -> list[str]:
    """Where `value` is something else than `hint`."""
    if hint is Any:
        return []
    if typing.is_typeddict(hint):
        return record_faults(value, hint, at)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        found = [faults(value, one, at) for one in arguments]
        return [] if [] in found else min(found, key=len)
    if origin is typing.Literal:
        return [] if value in arguments else [f"{at}: {value!r} is not of {arguments}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{at}: {value!r} is not a list"]
        each = [faults(one, arguments[0], f"{at}[{n}]") for n, one in enumerate(value)]
        return [fault for found in each for fault in found]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{at}: {value!r} is not a dictionary"]
        each = [faults(one, arguments[1], f"{at}.{name}") for name, one in value.items()]
        return [fault for found in each for fault in found]
    kind = type(None) if hint is None else hint
    return [] if type(value) is kind else [f"{at}: {value!r} is no {kind.__name__}"]


def record_faults(value: object, hint: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is not a {hint.__name__}"]
    hints = typing.get_type_hints(hint, NAMES)
    missing = [f"{at}.{name} is missing" for name in hint.__required_keys__ - value.keys()]
    more = [f"{at}.{name} is not in {hint.__name__}" for name in value.keys() - hints.keys()]
    each = [
        faults(value[name], hints[name], f"{at}.{name}") for name in hints.keys() & value.keys()
    ]
    return missing + more + [fault for found in each for fault in found]


def held_to(hint: Any, value: object, name: str) -> None:
    found = faults(value, hint, name)
    assert not found, "\n".join(found)


def hold_answers_to_their_types() -> None:
    """From now on every answer to the plain client is looked at."""
    for name in dir(client.AdminClient):
        method = getattr(client.AdminClient, name)
        said = str(getattr(method, "__annotations__", {}).get("return", ""))
        if name.startswith("_") or "models." not in said or said.startswith("Iterator"):
            continue
        home = next(kind for kind in client.AdminClient.__mro__ if name in vars(kind))
        setattr(home, name, checked(name, method, eval(said, dict(NAMES))))  # noqa: S307


def checked(name: str, method: Callable[..., Any], hint: Any) -> Callable[..., Any]:
    if typing.get_origin(hint) is not paging.Pager:

        @wraps(method)
        def answering(*given: Any, **named: Any) -> Any:
            answer = method(*given, **named)
            # Not what a test made up.
            if not isinstance(given[0]._http._transport, httpx.MockTransport):
                held_to(hint, answer, name)
            return answer

        return answering

    @wraps(method)
    def listing(*given: Any, **named: Any) -> Any:
        pager = method(*given, **named)
        fetch = pager.page

        def page(cursor: str | None = None) -> Any:
            made = fetch(cursor)
            for item in made.items:
                held_to(typing.get_args(hint)[0], item, name)
            return made

        pager.page = page
        return pager

    return listing
