"""Measures the local gateway, or any other WebSocket echo: ``python -m bench.gateway``."""
