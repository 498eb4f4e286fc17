"""E-mail in (SPEC 17): what a mail is, from whom it really is, and what is to become of it."""
