"""`python -m msa.translations extract | compile | check | missing | fill | pseudo`.

Ends with 0, or with 1 and a sentence for each thing that is wrong.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from msa.translations.layout import LANGUAGES, PROJECT, TranslationsError, Tree


def main(arguments: list[str], tree: Tree = PROJECT) -> int:
    options = _parser().parse_args(arguments)
    try:
        return _run(options, tree)
    except TranslationsError as error:
        return _complain([str(error)])


def _run(options: argparse.Namespace, tree: Tree) -> int:
    # Imported by need: `compile` runs where Babel, which only `extract` asks for, is not installed.
    match options.action:
        case "compile":
            from msa.translations.compile import compile_catalogues

            _say(tree.name(path) for path in compile_catalogues(tree))
        case "extract":
            from msa.translations.merge import update

            _say(tree.name(path) for path in update(tree))
        case "check":
            from msa.translations.check import check

            return _complain(check(tree))
        case "missing":
            from msa.translations.exchange import missing

            _say(missing(tree, LANGUAGES[options.language]))
        case "fill":
            from msa.translations.exchange import fill

            lines = options.file.read_text().split("\n")
            return _complain(fill(tree, LANGUAGES[options.language], lines))
        case "pseudo":
            from msa.translations.pseudo import pseudo_catalogue

            _say([str(pseudo_catalogue(options.folder, tree))])
    return 0


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _complain(faults: list[str]) -> int:
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m msa.translations")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("extract", help="bring the .po files up to the texts of the code")
    actions.add_parser("compile", help="make the .mo files that are missing or out of date")
    actions.add_parser("check", help="name what is missing, fuzzy or broken")
    missing = actions.add_parser("missing", help="print untranslated texts as JSON lines")
    missing.add_argument("language", choices=LANGUAGES)
    fill = actions.add_parser("fill", help="take translations from JSON lines")
    fill.add_argument("language", choices=LANGUAGES)
    fill.add_argument("file", type=Path, help="lines as `missing` prints them, with msgstr")
    pseudo = actions.add_parser("pseudo", help="write the catalogue of the pseudo-language")
    pseudo.add_argument("folder", type=Path, help="where to; a folder for LOCALE_PATHS")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
