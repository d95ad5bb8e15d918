"""All rules: recordings first, then the alerts, one file a theme."""
