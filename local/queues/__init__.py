"""
Runs the event sources of functions: reads messages of queues, and invokes a function with them.

- ``poller``: receives messages, and runs a batch of them in a function
- ``sqs``: the calls of the embedded AWS's SQS
- ``records``: the event that a function receives, and what its answer says about the records

"""
