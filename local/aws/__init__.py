"""
The AWS services that functions call, and the template's resources in them.

- ``embedded``: starts moto's server in a process, and watches it
- ``moto_server``: the program of that process; ``turns``, ``services`` and ``wsgi`` pass requests on to moto
- ``long_queues``: makes moto's queues fast enough for thousands of messages
- ``arns``: makes a request's ARNs name the region and the account of the template
- ``rights``, ``callers``: what functions may do with queues
- ``provision``: creates the template's tables, secrets, queues and so on, through ``client``
- ``relay``: the embedded AWS by TLS

"""
