"""Mails about incidents (SPEC 18): `customer` tells the customer's side; `tam` the vendor's."""
