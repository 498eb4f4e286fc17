"""What if: a past period played again under other hours, days or targets (SPEC 19.4).

How it is used, and what it can and cannot tell, stands in docs/what-if.md.
"""
