"""
The history of a session: its messages of the last minutes, with numbers, so that a client can get what it has missed.

A message is numbered and stored before the rows of its session are read, and a connection has its row before its
client can ask. So a message is posted to a connection, or the client finds it by asking, or both: a client drops what
comes twice by its number.

* ``storing``    numbers a message and stores it
* ``resuming``   finds what a client has missed
* ``purging``    deletes the history of a session, for an operator
* ``table``      the requests to the table of history
* ``items``      the items of this table, and how to read them

The package uses DynamoDB over the engine of ``delivery``. It is imported only if history is on.

"""
