"""`make demo`: the lab's scenes before a real Prometheus and Alertmanager, on this machine."""
