"""Faults provoked by chance: kills, hostile files, interrupts, extreme values. `make torture`."""
