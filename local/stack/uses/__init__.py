"""
Which properties of resources the gateway reads, which make no difference here, and which it does not imitate.

tests/local/stack/test_properties.py compares these tables with CloudFormation's schema. A property that is not in the
tables is misspelled, or newer than the tables.

"""

from local.stack.uses import api, services
from local.stack.uses.use import Uses

__all__ = ["USES", "Uses"]

USES = {**api.USES, **services.USES}
"""The properties of the types that the gateway imitates, by type."""
