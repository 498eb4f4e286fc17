"""How a clock's time is reckoned, told so that people can check it by hand (SPEC 7.11).

`records` reads what is on record and hands it to `incidents.explanations`, arithmetic on values;
`folding`, `walls` and `words` put what comes back into lines; `statements` lays them out for page
and print, and `plain` as text.
"""
