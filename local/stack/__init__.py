"""
A template: from its file to the ``App`` that the local gateway serves.

``loading`` is the way in, in four steps:

* ``reading`` reads the file and checks its form,
* ``translation`` lets SAM make CloudFormation of the template,
* ``resources`` evaluates CloudFormation's conditions and functions,
* ``routes``, with the modules it imports, and ``functions`` read what the resources declare.

``notes`` and ``properties`` tell the user what the gateway does not imitate.

"""
