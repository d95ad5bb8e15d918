"""Bounded state that several signals share: segments, addresses, and who may enter them."""
