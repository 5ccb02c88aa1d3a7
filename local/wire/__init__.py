"""What clients and functions speak to: WebSocket, HTTP, TLS."""
