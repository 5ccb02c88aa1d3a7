"""
The delivery of one message to many connections: reads rows from DynamoDB, and posts through ``@connections``.

The path of one post::

    on_send_message_lambda
      │ FanOut.delivery(sessions, seconds)
    fan_out.py          keeps event loop, table and endpoint from message to message
      │ Delivery.run(envelope)
    delivery.py         delivers the rows of each session  ◄───  reading.py, table.py, dynamodb.py
      │ Post(connection)
    retries.py          decides what each response means  ◄──────────────┐
      │ Endpoint.submit(request)                                         │
    http/endpoint.py    gives the request to a free HTTP connection      │ Post.ended(response)
      │ Channel.send(request)                                            │
    http/channel.py     writes the request, reads the answer  ───────────┘

``account`` counts how the posts of each session ended, for the ack. ``opening`` decides what status 410 means,
``stuck`` remembers connections that take nothing, and ``removals`` removes the rows of gone connections.

``table`` knows what a delivery asks of the table, ``dynamodb`` asks it over the same HTTP engine as the posts,
``dynamodb_answers`` decides what each answer means, and ``backoff`` how long a retry waits. ``dynamodb_url`` and
``credentials`` read the environment as botocore does.

"""
