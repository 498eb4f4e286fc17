"""What people take out of the house: lists as CSV and XLSX, one incident as PDF (SPEC 20).

`tables` writes lists, `sheet` prints one incident. Neither asks who may: they get what was fetched
for the person.
"""
