"""
Runs the template's functions in worker processes. Each worker runs one event at a time, as Lambda's environments do.

In the gateway:

- ``pool``: the workers of one function, and the events that wait for one
- ``process``: one worker process, seen from the gateway; ``spawn`` starts it, ``archives`` unpacks its code
- ``worker_channel``, ``output``: the events and results of a worker, and the lines that it prints
- ``worker_environment``, ``hosts``: the variables of a worker, and the addresses that AWS's host names lead to
- ``watch``: replaces workers when their code changes

In each worker process:

- ``worker``: imports the handler and runs it
- ``contract``, ``records``, ``failures``: the context, the logging and the errors of Lambda's runtime
- ``resolver``, ``imports``: lead AWS's host names to the gateway, also in libraries that a handler imports later
- ``lifeline``: ends the worker with the gateway

"""
