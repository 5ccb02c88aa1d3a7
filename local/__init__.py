"""
A local API Gateway for WebSocket APIs: ``python -m local``.

Each layer imports only the layers below it:

- ``cli`` parses the command line and runs the commands.
- ``start`` prepares the gateway, starts it and stops it.
- ``wire`` speaks to clients and functions: WebSockets, the management API and Lambda's Invoke API, over HTTP and TLS.
- ``api`` decides what happens to a connection: API Gateway's own rules.
- ``lambdas`` runs the functions in processes of their own; ``aws`` is the embedded AWS that the functions call.
- ``http`` is the HTTP server that ``wire`` and ``aws`` share.
- ``stack`` reads the SAM template into an ``App``.
- ``options``, ``console``, ``credentials``, ``deadlines``, ``endpoints``, ``errors`` and ``place`` serve all of them.

``page`` has the files of the hub's page. No deployed code imports this package.

"""
