"""How the gateway uses the properties of one type of resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Uses:
    """
    How the gateway uses the properties of one type.

    Attributes:
        read: The names of the properties that the gateway reads, separated by spaces.
        harmless: The names of properties that make no difference here, separated by spaces. The key is the reason.
        not_imitated: For each property that the gateway does not imitate, what the user will notice.

    """

    read: str = ""
    harmless: Mapping[str, str] = field(default_factory=dict)
    not_imitated: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> set[str]:
        """The names of all properties in this table."""
        return {*self.read.split(), *" ".join(self.harmless.values()).split(), *self.not_imitated}


LABELS = "labels for people and for bills"
LOGS = "the gateway has no CloudWatch logs, metrics or traces"
