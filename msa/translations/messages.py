"""A text of the product, as its code asks for it."""

from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from msa.translations.layout import TranslationsError

# Context and text: what a catalogue finds a message by.
Key: TypeAlias = tuple[str | None, str]


@dataclass(frozen=True)
class Message:
    """A text, the files that show it and what they tell its translator."""

    msgid: str
    plural: str | None = None
    context: str | None = None
    files: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return self.context, self.msgid

    def joined(self, other: Self) -> Self:
        """Return both uses of one text as one; raises TranslationsError if the plurals differ."""
        if self.plural and other.plural and self.plural != other.plural:
            raise TranslationsError(
                f"{self.msgid!r} has the plural {self.plural!r} in {', '.join(self.files)}"
                f" and {other.plural!r} in {', '.join(other.files)}"
            )
        return replace(
            self,
            plural=self.plural or other.plural,
            files=tuple(sorted({*self.files, *other.files})),
            comments=tuple(dict.fromkeys([*self.comments, *other.comments])),
        )
