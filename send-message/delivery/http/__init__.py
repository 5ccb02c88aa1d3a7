"""
The HTTP client of ``@connections`` and of DynamoDB. It imports nothing of messages, sessions or the rest of
``delivery``.

service       says how the requests to each service differ
access        has what the endpoints of all services share
endpoint      queues requests, and gives them to HTTP connections
connector     opens an HTTP connection, and explains why one did not open
channel       is one HTTP connection
answer        parses the bytes that a channel receives
whole_answer  does so if a request needs the body of its answer
exchange      has the types of a request and of its response
signer        signs requests
timing        has the time limits
tls           makes a TLS context that resumes sessions

"""
