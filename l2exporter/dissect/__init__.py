"""Bytes to frozen events. Pure: no I/O, no clock, no state; one protocol a file."""
