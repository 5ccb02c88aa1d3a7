"""
``python -m local publish``, ``who``, ``list``, ``close`` and ``purge``: what backends and operators say to the hub.

Each command invokes the hub's MessageFunction: of a running gateway (``local_hub``), or of a stack in AWS (``stack``).
``message_function`` is one invocation, and ``aws_errors`` explains why AWS does not carry it out. ``publish`` and
``sessions`` have the commands, and ``run`` runs one and prints its outcome.

"""
