"""A made-up day of three exporters, for pictures: their own metrics, but no measurement."""
