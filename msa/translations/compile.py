"""From `.po` to the `.mo` that Django reads."""

from pathlib import Path

from msa.translations.catalogue import read, replace_file
from msa.translations.layout import LANGUAGES, Tree


def compile_catalogues(tree: Tree) -> list[Path]:
    """Compile each `.po` whose `.mo` is missing or no younger, and return the files written."""
    written = []
    for language in LANGUAGES.values():
        source = tree.catalogue(language)
        target = source.with_suffix(".mo")
        if source.exists() and _is_stale(target, source):
            replace_file(target, read(source).to_binary())
            written.append(target)
    return written


def _is_stale(target: Path, source: Path) -> bool:
    return not target.exists() or target.stat().st_mtime_ns <= source.stat().st_mtime_ns
