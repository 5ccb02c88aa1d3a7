"""Measures the hub's delivery against boto3 and bare sockets, and the cold starts: ``python -m bench.delivery``."""
