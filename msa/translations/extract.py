"""The texts of code and templates, as `gettext` and `{% translate %}` ask for them."""

import ast
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias

from babel.messages.extract import extract as babel_extract
from django.utils.translation.template import templatize

from msa.translations.layout import TranslationsError, Tree
from msa.translations.messages import Key, Message

# In Babel's words: the positions of a call's texts from 1, "c" marking the context.
_Positions: TypeAlias = tuple[int | tuple[int, str], ...]

_FUNCTIONS: Final[Mapping[str, _Positions]] = {
    "gettext": (1,),
    "gettext_lazy": (1,),
    "gettext_noop": (1,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_IN_TEMPLATES: Final[Mapping[str, _Positions]] = {**_FUNCTIONS, "_": (1,)}

# A comment that begins so reaches the translator.
_COMMENT_TAG: Final = "Translators:"


def extract(tree: Tree) -> list[Message]:
    """Return every text of the tree once, ordered by text and context.

    Raises TranslationsError where a file cannot be read, a text is put together in the call
    itself, or one text is asked for with two different plurals.
    """
    found: dict[Key, Message] = {}
    for message in _read(tree):
        known = found.get(message.key)
        found[message.key] = known.joined(message) if known else message
    return sorted(found.values(), key=lambda message: (message.msgid, message.context or ""))


def _read(tree: Tree) -> Iterator[Message]:
    for path in tree.modules():
        yield from _read_module(path, tree.name(path))
    for path in tree.templates():
        yield from _read_template(path, tree.name(path))


def _read_module(path: Path, name: str) -> Iterator[Message]:
    source = path.read_bytes()
    try:
        syntax = ast.parse(source, name)
    except SyntaxError as error:
        raise TranslationsError(f"{name}:{error.lineno}: {error.msg}") from error
    functions = _imported(syntax)
    if functions:
        _refuse_composed(syntax, functions, name)
        yield from _messages(source, functions, name)


def _imported(syntax: ast.Module) -> dict[str, _Positions]:
    """Return the translating functions under the names by which this module calls them."""
    functions: dict[str, _Positions] = {}
    for node in ast.walk(syntax):
        match node:
            case ast.ImportFrom(module="django.utils.translation"):
                for alias in node.names:
                    if alias.name in _FUNCTIONS:
                        functions[alias.asname or alias.name] = _FUNCTIONS[alias.name]
            case ast.ImportFrom(module="django.utils"):
                if any(alias.name == "translation" for alias in node.names):
                    functions.update(_FUNCTIONS)
    return functions


def _refuse_composed(syntax: ast.Module, functions: Mapping[str, _Positions], name: str) -> None:
    """Refuse calls whose text is an expression: Babel would read its string parts as one text."""
    for node in ast.walk(syntax):
        if not isinstance(node, ast.Call) or _called(node) not in functions:
            continue
        for position in functions[_called(node)]:
            index = position - 1 if isinstance(position, int) else position[0] - 1
            if index < len(node.args) and _is_composed(node.args[index]):
                raise TranslationsError(
                    f"{name}:{node.lineno}: the text given to {_called(node)}() is put together"
                    " there; write it as one literal and fill placeholders in afterwards"
                )


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_composed(argument: ast.expr) -> bool:
    return not isinstance(argument, ast.Constant) and any(
        isinstance(part, ast.Constant) and isinstance(part.value, str)
        for part in ast.walk(argument)
    )


def _read_template(path: Path, name: str) -> Iterator[Message]:
    try:
        calls = templatize(path.read_text(), origin=name)
    except SyntaxError as error:
        raise TranslationsError(str(error)) from error
    # Django keeps the template's indentation, which means nothing to it and much to Python.
    lines = "\n".join(line.lstrip() for line in calls.splitlines())
    yield from _messages(lines.encode(), _IN_TEMPLATES, name)


def _messages(source: bytes, functions: Mapping[str, _Positions], name: str) -> Iterator[Message]:
    results = babel_extract(
        "python", BytesIO(source), functions, (_COMMENT_TAG,), strip_comment_tags=True
    )
    for _line, texts, comments, context in results:
        msgid, plural = (texts, None) if isinstance(texts, str) else texts
        yield Message(msgid, plural, context, (name,), tuple(comments))
