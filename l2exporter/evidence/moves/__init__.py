"""Moves that wait for their verdict, what their addresses did meanwhile, and the rules."""
