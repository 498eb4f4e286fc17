"""Reading and writing the `.po` files. Needs polib alone: `compile` is part of every set-up."""

from pathlib import Path
from tempfile import NamedTemporaryFile

import polib

from msa.translations.layout import TranslationsError
from msa.translations.messages import Key


def read(path: Path) -> polib.POFile:
    """Parse a catalogue; raises TranslationsError if it is missing or where it is mistaken."""
    # polib would take the path of a missing file for the text of a catalogue.
    if not path.is_file():
        raise TranslationsError(f"{path} is missing; run extract")
    try:
        return polib.pofile(str(path), encoding="utf-8", wrapwidth=0)
    except OSError as error:
        raise TranslationsError(str(error)) from error


def write(path: Path, catalogue: polib.POFile) -> bool:
    """Write the catalogue if that changes the file, and say whether it did."""
    text = str(catalogue).encode()
    if path.exists() and path.read_bytes() == text:
        return False
    replace_file(path, text)
    return True


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that others may read at the same time: they see all of it or the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
    written = Path(file.name)
    # A temporary file is its owner's alone; a catalogue is everybody's to read.
    written.chmod(0o644)
    written.replace(path)


def key_of(entry: polib.POEntry) -> Key:
    return entry.msgctxt, entry.msgid


def plural_of(entry: polib.POEntry) -> str | None:
    return entry.msgid_plural or None


def translations_of(entry: polib.POEntry) -> list[str]:
    """Return the translation, or one per plural form."""
    if entry.msgid_plural:
        return [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
    return [entry.msgstr]
