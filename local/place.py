"""The account and the region that everything here seems to be in, and the names that AWS makes of them."""

from dataclasses import dataclass
from functools import cached_property

SUFFIXES = (
    *("amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"),
    *("amazonwebservices.com.cn", "amazonwebservices.eu", "aws"),
    *("amazoncognito.com", "signin.aws.amazon.com"),
)
"""The domains that AWS's services are in, all but those of closed networks. Source: botocore's ``partitions.json``."""


@dataclass(frozen=True)
class Place:
    """
    Attributes:
        region: Such as ``eu-central-1``.
        account: Twelve digits.

    """

    region: str = "us-east-1"
    account: str = "123456789012"

    @property
    def partition(self) -> str:
        """``aws``, or what AWS calls its regions in China and those for the US government."""
        prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((name for prefix, name in prefixes.items() if self.region.startswith(prefix)), "aws")

    @property
    def suffix(self) -> str:
        """The domain of AWS's services."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    @cached_property
    def pseudo_parameters(self) -> dict[str, str]:
        """Return what ``Ref`` gives for CloudFormation's own parameters."""
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
        """Return the ARN of something that belongs to no region."""
        return f"arn:{self.partition}:iam::{self.account}:{rest}"

    def function_arn(self, name: str) -> str:
        return self.arn("lambda", f"function:{name}")

    def execute_api_host(self, api: str) -> str:
        """Return the host under which AWS serves an API: what many handlers compute their callback URL from."""
        return f"{api}.execute-api.{self.region}.{self.suffix}"


HERE = Place()
"""Where everything is, unless somebody says otherwise."""


def api_id(index: int) -> str:
    """Return the id of the template's API number ``index``: ten characters, as on AWS."""
    return f"localapi{index:02}"
