"""
The rules of API Gateway for WebSocket APIs: handshakes, routes, events, results and errors.

This package opens no sockets and starts no workers. It sends to clients through ``websocket_api.Socket``, and calls
functions through ``IntegrationCalls.submit``. ``local.wire`` and ``local.start`` provide both.

"""
