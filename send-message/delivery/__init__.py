"""
One payload to many connections, through API Gateway's ``@connections``.

``fan_out`` is the way in. ``message`` reads the sessions of one message and accounts for their
connections; ``requests`` says what each answer means, ``opening`` what a 410 does, ``stuck`` remembers
connections that take nothing. ``endpoint`` keeps HTTP connections to API Gateway, ``channel`` is one
of them, ``signer`` signs what goes over it, ``answer`` reads what comes back.

"""
