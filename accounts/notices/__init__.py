"""What people are told: in the portal at once, by mail as each of them has chosen (SPEC 18)."""
