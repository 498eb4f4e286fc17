"""The texts of the product in its languages, without GNU gettext.

`python -m msa.translations extract` writes the texts of code and templates into `locale/*.po`,
`missing` and `fill` carry what is untranslated to a translator and back, `check` says what is
wrong, `compile` makes the `.mo` files Django reads, and `pseudo` a language that exists for tests.
"""
