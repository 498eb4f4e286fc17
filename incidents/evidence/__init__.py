"""Evidence: what was promised and kept, for people who do not take our word (SPEC 19.1, 19.2).

`verification` reads every chain of the journal; `document` puts one incident into a file that
`docs/check_evidence.py` checks without us; `sheet` prints the same as a PDF.
"""
