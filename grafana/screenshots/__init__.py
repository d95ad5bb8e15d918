"""Pictures of the dashboards, drawn by Grafana's own components; `make screenshots` takes them."""
