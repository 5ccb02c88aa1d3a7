"""
What MessageFunction does for each of its callers.

::

    on_send_message_lambda
      │
      ├─ clients.py     frames of clients: sendMessage, resume, who, ping
      ├─ backends.py    {"hub": "publish"} by invocation
      ├─ records.py     records of the queue PublishedMessages
      └─ operators.py   {"hub": "who"}, list, close and purge by invocation

``sending`` sends a message, whoever it is from, and ``presence`` reads the connections of sessions. ``backends``,
``records`` and ``operators`` are imported only when somebody calls them, so that clients do not wait for it.

"""
