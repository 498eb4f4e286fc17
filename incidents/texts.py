"""People's texts as HTML: paragraphs, lists, emphasis and log excerpts, and nothing that acts."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Headings and images are off: a log line that begins with # is no heading, and nothing is loaded
# from elsewhere. Raw HTML is text, and a backslash is a backslash: paths are pasted here.
_OFF = ["heading", "lheading", "image", "html_block", "html_inline", "reference", "hr", "escape"]
_OPTIONS = {"html": False, "breaks": True, "linkify": False}
_MARKDOWN = MarkdownIt("commonmark", _OPTIONS).disable(_OFF)


def as_html(text: str) -> SafeString:
    """Return a text as safe HTML; everything but the few marks above is escaped.

    A text that nests deeper than any prose (a pasted log of many >) is shown as it was typed, since
    the parser leaves out what lies deeper than it reads.
    """
    tokens = _MARKDOWN.parse(text)
    if _is_too_deep(tokens):
        return format_html("<pre>{}</pre>", text)
    for token in (child for block in tokens for child in block.children or ()):
        _tame(token)
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return SafeString(html)


def _is_too_deep(tokens: Sequence[Token]) -> bool:
    limit = _MARKDOWN.options.maxNesting - 1
    return any(token.level >= limit for token in tokens)


def _tame(token: Token) -> None:
    """Let links vouch for nobody, and underscores be themselves: names like __init__ are many."""
    if token.type == "link_open":
        token.attrSet("rel", "noopener noreferrer nofollow")
    elif token.markup in {"_", "__"}:
        token.type, token.tag, token.content = "text", "", token.markup
