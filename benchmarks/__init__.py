"""Speed and size, each beside a peer in the same run; `run.py` is the entry."""
