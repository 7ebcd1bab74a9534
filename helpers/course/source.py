"""The source of a solution as a reader needs it: with the private functions on which it stands."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path


def code_of(function) -> str:
    """The source of a function, after that of the private functions of its own module on which it stands."""
    return "\n\n".join(source(each) for each in [*private_helpers(function), function])


def source(function) -> str:
    """The source of one function; a lambda is written out as a function."""
    if function.__name__ != "<lambda>":
        return textwrap.dedent(inspect.getsource(function)).strip()
    module = Path(inspect.getsourcefile(function)).read_text(encoding="utf-8")
    line = function.__code__.co_firstlineno
    found = next(node for node in ast.walk(ast.parse(module)) if isinstance(node, ast.Lambda) and node.lineno == line)
    names = ", ".join(function.__code__.co_varnames[:function.__code__.co_argcount])
    return f"def solution({names}):\n    return {ast.unparse(found.body)}"


def private_helpers(function, seen=None) -> list:
    """Functions of the same module whose names begin with an underscore, in the order in which they are needed."""
    seen, found = seen if seen is not None else set(), []
    for name in sorted(names_in(function.__code__)):
        helper = function.__globals__.get(name)
        if name.startswith("_") and inspect.isfunction(helper) and helper.__module__ == function.__module__ and name not in seen:
            seen.add(name)
            found += [*private_helpers(helper, seen), helper]
    return found


def names_in(code) -> set[str]:
    """The names that a piece of code looks up, those of its inner functions with them."""
    return set(code.co_names).union(*(names_in(inner) for inner in code.co_consts if inspect.iscode(inner)))
