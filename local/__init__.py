"""
A local API Gateway for WebSocket APIs: ``python -m local``.

From the command to the wire: ``command_line`` parses, ``serve`` prepares and ``running`` runs;
``stack`` reads the SAM template into an ``App``; ``aws`` holds its tables and secrets; ``lambdas``
runs its functions in processes; ``api`` decides what happens to a connection; ``wire`` is the
sockets and plain HTTP around that; ``page`` is the hub's page.

Nothing that is deployed knows this package.

"""
