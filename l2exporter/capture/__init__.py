"""Frames in: from a device's ring or from a capture file, as batches of `dissect.frames.Frames`.

A live device has lanes, each a ring with its own filter. `live` drains the fast lane: small slots,
what can be decoded as columns. What must be dissected frame by frame gets a slow lane beside it, a
ring with full-size slots and a thread of its own, so that it never holds the fast one up.
"""
