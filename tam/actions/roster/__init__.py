"""Planning who works when: shifts, patterns of them, swaps, absences, and alarms of gaps."""
