"""What is to be known of the types of resources: tables, each by the type's name."""

import re
from collections.abc import Callable

from local.place import Place

NOT_TRANSLATED = re.compile("AWS::Serverless::(?!Function$|LayerVersion$|WebSocketApi$|SimpleTable$)")
"""SAM's own types that nothing here imitates. Left as they are, they cannot stop the rest from being translated."""

NAMES = {
    "AWS::ApiGatewayV2::DomainName": "DomainName",
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
}
"""The property that names a resource of a type, and that ``Ref`` gives. Without it, the logical id does."""

ARNS: dict[str, Callable[[Place, str], str]] = {
    "AWS::DynamoDB::GlobalTable": lambda place, name: place.arn("dynamodb", f"table/{name}"),
    "AWS::DynamoDB::Table": lambda place, name: place.arn("dynamodb", f"table/{name}"),
    "AWS::IAM::Role": lambda place, name: place.iam_arn(f"role/{name}"),
    "AWS::Lambda::Function": Place.function_arn,
    "AWS::Logs::LogGroup": lambda place, name: place.arn("logs", f"log-group:{name}:*"),
    "AWS::S3::Bucket": lambda place, name: f"arn:{place.partition}:s3:::{name}",
    "AWS::Serverless::Function": Place.function_arn,
    "AWS::SNS::Topic": lambda place, name: place.arn("sns", name),
    "AWS::SQS::Queue": lambda place, name: place.arn("sqs", name),
    "AWS::SSM::Parameter": lambda place, name: place.arn("ssm", f"parameter/{name.removeprefix('/')}"),
}

ATTRIBUTES = {
    "AWS::ApiGatewayV2::Api": ("ApiEndpoint", "ApiId", "ExecuteApiArn"),
    "AWS::Lambda::Function": ("Arn", "SnapStartResponse", "SnapStartResponse.ApplyOn",
                              "SnapStartResponse.OptimizationStatus"),
}  # fmt: skip
"""All that ``Fn::GetAtt`` gives of a type. Of other types it gives a value for whatever is asked."""

STORED = {
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
}
"""What the embedded AWS holds."""

REQUIRED = {
    "AWS::ApiGatewayV2::ApiMapping": ("ApiId", "DomainName", "Stage"),
    "AWS::ApiGatewayV2::Authorizer": ("ApiId",),
    "AWS::ApiGatewayV2::Integration": ("ApiId", "IntegrationType"),
    "AWS::ApiGatewayV2::IntegrationResponse": ("IntegrationId",),
    "AWS::ApiGatewayV2::Model": ("Name", "Schema"),
    "AWS::ApiGatewayV2::Route": ("ApiId", "RouteKey"),
    "AWS::ApiGatewayV2::RouteResponse": ("RouteId",),
    "AWS::ApiGatewayV2::Stage": ("ApiId", "StageName"),
    "AWS::DynamoDB::GlobalTable": ("AttributeDefinitions", "KeySchema"),
    "AWS::DynamoDB::Table": ("AttributeDefinitions", "KeySchema"),
    "AWS::Lambda::Alias": ("FunctionName", "FunctionVersion", "Name"),
    "AWS::Lambda::LayerVersion": ("Content",),
}
"""Properties that are read here, and that CloudFormation would ask for."""

SHAPES: dict[str, dict[str, type]] = {
    "AWS::ApiGatewayV2::Api": {"ApiKeySelectionExpression": str, "RouteSelectionExpression": str},
    "AWS::ApiGatewayV2::Integration": {
        "IntegrationType": str,
        "IntegrationUri": str,
        "PassthroughBehavior": str,
        "RequestTemplates": dict,
        "TemplateSelectionExpression": str,
    },
    "AWS::ApiGatewayV2::IntegrationResponse": {
        "IntegrationResponseKey": str,
        "ResponseTemplates": dict,
        "TemplateSelectionExpression": str,
    },
    "AWS::ApiGatewayV2::Model": {"Name": str},
    "AWS::ApiGatewayV2::Route": {
        "ApiId": str,
        "ModelSelectionExpression": str,
        "RequestModels": dict,
        "RouteKey": str,
        "Target": str,
    },
    "AWS::ApiGatewayV2::RouteResponse": {"RouteResponseKey": str},
    "AWS::ApiGatewayV2::Stage": {"DefaultRouteSettings": dict, "RouteSettings": dict, "StageVariables": dict},
    "AWS::DynamoDB::GlobalTable": {"AttributeDefinitions": list, "KeySchema": list, "TimeToLiveSpecification": dict},
    "AWS::DynamoDB::Table": {"AttributeDefinitions": list, "KeySchema": list, "TimeToLiveSpecification": dict},
    "AWS::IAM::Role": {"ManagedPolicyArns": list, "Policies": list},
    "AWS::Lambda::Function": {"Code": dict, "Environment": dict, "Handler": str, "Layers": list, "LoggingConfig": dict},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": dict},
}
"""Of which shape properties are that are read here, where something else would do harm."""

CALLED: dict[type, str] = {dict: "a mapping", list: "a list", str: "text"}
"""What the shapes are called."""
