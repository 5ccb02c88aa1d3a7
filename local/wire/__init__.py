"""The two ports that clients and functions connect to: WebSocket and HTTP, plain and by TLS."""
