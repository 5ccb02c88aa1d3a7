"""The rules of API Gateway for WebSocket APIs. Knows no sockets and no processes."""
