"""
A local API Gateway for WebSocket APIs: ``python -m local``.

From the command to the wire: ``command_line`` parses, ``serve`` starts and stops,
``app`` (with ``template`` and ``intrinsics``) reads the SAM template, ``embedded_aws`` holds
its table and secret (``provision`` makes them), ``pool`` runs its functions, each event in a ``process`` of ``worker``,
``gateway`` decides what happens to a connection (``events`` and ``routes`` are its
rules), ``sockets`` and ``management`` are the wire around it, ``page/`` is the page.

Nothing that is deployed knows this package.

"""
