"""
One payload to many connections, through API Gateway's ``@connections``.

``fan_out`` is the way in. ``message`` reads the sessions of one message and accounts for their
connections; ``requests`` says what each answer means. ``endpoint`` keeps HTTP connections to API
Gateway, ``channel`` is one of them, ``signer`` signs what goes over it.

"""
