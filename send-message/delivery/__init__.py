"""
The delivery of one message to many connections, through API Gateway's ``@connections``.

The path of one post::

    on_send_message_lambda
      │ FanOut.send(envelope, sessions)
    fan_out.py          keeps event loop, threads and endpoint from message to message
      │ Delivery.run(sessions, seconds)
    delivery.py         reads the rows of each session, page by page
      │ Post(connection)
    retries.py          decides what each response means  ◄──────────────┐
      │ Endpoint.submit(request)                                         │
    http/endpoint.py    gives the request to a free HTTP connection      │ Post.ended(response)
      │ Channel.send(request)                                            │
    http/channel.py     writes the request, reads the answer  ───────────┘

``account`` counts how the posts of each session ended, for the ack. ``opening`` decides what status 410 means,
``stuck`` remembers connections that take nothing, and ``removals`` removes the rows of gone connections.

"""
