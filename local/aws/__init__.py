"""
The AWS services that functions call, and the template's resources in them.

- ``embedded``: starts moto's server in a process, and watches it
- ``moto_server``: the program of that process; ``services`` and ``wsgi`` pass requests on to moto
- ``provision``: creates the template's tables, secrets, queues and so on, through ``client``
- ``relay``: the embedded AWS by TLS

"""
