"""
The HTTP client of ``@connections``. It imports nothing of messages, sessions or the rest of ``delivery``.

endpoint   queues requests, and gives them to HTTP connections
connector  opens an HTTP connection, and explains why one did not open
channel    is one HTTP connection
answer     parses the bytes that a channel receives
exchange   has the types of a request and of its response
signer     signs requests
timing     has the time limits
tls        makes a TLS context that resumes sessions

"""
