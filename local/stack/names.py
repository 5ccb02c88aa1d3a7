"""The account that everything here seems to be in."""

REGION = "us-east-1"
ACCOUNT = "123456789012"

PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/0",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}


def api_id(index: int) -> str:
    """Return the id of the template's API number ``index``: ten characters, as on AWS."""
    return f"localapi{index:02}"


def arn(service: str, rest: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{rest}"


def function_arn(name: str) -> str:
    return arn("lambda", f"function:{name}")


def execute_api_host(api: str) -> str:
    """Return the host under which AWS serves an API: what many handlers compute their callback URL from."""
    return f"{api}.execute-api.{REGION}.amazonaws.com"
