"""The source of every dashboard and rule file; `make grafana` writes them."""
