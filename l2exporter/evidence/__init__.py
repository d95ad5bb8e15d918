"""What was seen that tells who holds an address, and why it moved: bounded state, no I/O."""
