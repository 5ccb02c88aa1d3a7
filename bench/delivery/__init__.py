"""
Compares the hub's delivery with boto3 and with bare sockets, and measures cold starts: ``python -m bench.delivery``.

common          compares the hub with boto3 for messages to few connections: ``python -m bench.delivery.common``
history         measures what history takes: ``python -m bench.delivery.history``
versions        compares the hub with that of another checkout: ``python -m bench.delivery.versions FOLDER``
engines         are the hub and what it is compared with: each delivers a message to many connections
hub_engines     are the hub's own
bare_sockets    is the engine that does the least
engine_figures  measures one engine, in a process of its own
stub            answers for ``@connections`` and DynamoDB, in another process
pages           has DynamoDB's answers to queries for connections
stored          has DynamoDB's answers for the table of history
pin             keeps each of the two processes on a core of its own
cold_start      measures the import of the built functions, and the first message
stuck           measures messages to recipients that do not read: ``python -m bench.delivery.stuck``
tables, common_tables, history_tables, charts
                show the results in docs/performance.md

"""
