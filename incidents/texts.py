"""People's texts as HTML: paragraphs, lists, emphasis and log excerpts, and nothing that acts."""

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

# Headings and images are off: a log line that begins with # is no heading, and nothing is loaded
# from elsewhere. Raw HTML is text.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).disable(
    ["heading", "lheading", "image", "html_block", "html_inline", "reference", "hr"]
)


def as_html(text: str) -> SafeString:
    """Return a text as safe HTML; everything but the few marks above is escaped."""
    return SafeString(_MARKDOWN.render(text))
