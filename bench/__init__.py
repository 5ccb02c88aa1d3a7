"""
How fast one message reaches many connections, and what that costs: ``make bench``.

``stub`` plays AWS in a process of its own, ``engines`` are the hub's function and what it is
compared with, ``measure`` runs one of them, ``cold_start`` starts the functions as
``local.build`` builds them, and ``publish`` turns the results into the tables and charts of docs/performance.md.

``scaling`` models a hub of any size on paper: ``limits`` are AWS's, ``steady`` and ``ceilings`` what a constant
load takes of them, ``rush`` and ``burst`` simulate a crowd that connects and a message to a large session.

"""
