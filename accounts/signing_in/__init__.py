"""Getting in: what is ours in the ways that django-allauth leads (docs/signing-in.md, SPEC 4)."""
