"""The words about each field: the string below it in the source of its struct."""

import ast
import inspect
import sys
from collections.abc import Mapping
from functools import cache

from msgspec import Struct


def field_words(kind: type[Struct]) -> Mapping[str, str]:
    """The words about each field of this struct, by the field's name on the wire; inherited fields included."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        found |= _words_in(each.__module__).get(each.__name__, {})
    names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return {wire: found[name] for name, wire in names if name in found}


@cache
def _words_in(module: str) -> Mapping[str, Mapping[str, str]]:
    """The words about the fields of every class of a module, by the names of class and field."""
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError):  # a module without a source, such as `builtins`
        return {}
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return {node.name: dict(_words_below(node)) for node in classes}


def _words_below(of: ast.ClassDef) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for node, below in zip(of.body, of.body[1:], strict=False):
        match node, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as words)):
                found.append((name, inspect.cleandoc(words).replace("\n", " ")))
            case _:
                pass
    return found
