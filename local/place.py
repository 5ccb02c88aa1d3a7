"""The region and the account that the gateway imitates, and the names that AWS derives from them."""

from dataclasses import dataclass
from functools import cached_property

SUFFIXES = (
    *("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"),
    *("amazonwebservices.com.cn", "amazonwebservices.eu", "aws"),
    *("c2s.ic.gov", "sc2s.sgov.gov", "cloud.adc-e.uk", "csp.hci.ic.gov"),
    *("aws.ic.gov", "aws.scloud", "cloud-aws.adc-e.uk", "aws.hci.ic.gov"),
    *("amazoncognito.com", "signin.aws.amazon.com"),
)
"""The domains of AWS's services, in all partitions. Source: botocore's ``partitions.json``."""

PARTITIONS = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
)
"""For the regions that begin with a prefix: the partition, and its domain. All other regions are in ``aws``."""


@dataclass(frozen=True)
class Place:
    """
    A region and an account.

    Attributes:
        region: For example ``eu-central-1``.
        account: Twelve digits.

    """

    region: str = "us-east-1"
    account: str = "123456789012"

    @property
    def partition(self) -> str:
        """The partition of the region, such as ``aws``, ``aws-cn`` (China) or ``aws-us-gov`` (the US government)."""
        return self._partition[0]

    @property
    def suffix(self) -> str:
        """The domain of AWS's services."""
        return self._partition[1]

    @property
    def _partition(self) -> tuple[str, str]:
        found = (partition for prefix, *partition in PARTITIONS if self.region.startswith(prefix))
        name, suffix = next(found, ("aws", "amazonaws.com"))
        return name, suffix

    @cached_property
    def pseudo_parameters(self) -> dict[str, str]:
        """The values of CloudFormation's pseudo parameters, such as ``AWS::Region``."""
        return {
            "AWS::AccountId": self.account,
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.arn("cloudformation", "stack/local/0"),
            "AWS::StackName": "local",
            "AWS::URLSuffix": self.suffix,
        }

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def iam_arn(self, rest: str) -> str:
        """Return an ARN of IAM, whose resources do not belong to a region."""
        return f"arn:{self.partition}:iam::{self.account}:{rest}"

    def function_arn(self, name: str) -> str:
        return self.arn("lambda", f"function:{name}")

    def execute_api_host(self, api: str) -> str:
        """Return the host under which AWS serves an API. Many handlers build their callback URL from it."""
        return f"{api}.execute-api.{self.region}.{self.suffix}"


HERE = Place()
"""The place of a gateway that is started without ``--region`` and ``--account``."""


def api_id(index: int) -> str:
    """Return the id of the template's API number ``index``: ten characters, as on AWS."""
    return f"localapi{index:02}"
