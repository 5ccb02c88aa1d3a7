"""
The rules and boundaries that the three functions share.

Rules take values and return values: ``handshake``, ``frames``, ``answers``,
``errors``, ``settings``. Boundaries know one service each: ``connections``
(with ``dynamodb`` and ``items``) DynamoDB, ``delivery`` the ``@connections`` API; ``fan_out`` joins the two.

"""
