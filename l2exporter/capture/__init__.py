"""Frames in: from a device's ring or from a capture file, as batches of `dissect.frames.Frames`."""
