"""Tables about the types of resources, each by the name of the type."""

import re
from collections.abc import Callable

from local.place import Place

NOT_TRANSLATED = re.compile("AWS::Serverless::(?!Function$|LayerVersion$|WebSocketApi$|SimpleTable$)")
"""SAM's types that the gateway does not imitate. SAM does not translate them, so they cannot make the rest fail."""

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
"""The property with the name of a resource. ``Ref`` returns the name. Without the property, it is the logical id."""

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
"""Makes the ARN of a resource from its name."""

ATTRIBUTES = {
    "AWS::ApiGatewayV2::Api": ("ApiEndpoint", "ApiId", "ExecuteApiArn"),
    "AWS::Lambda::Function": ("Arn", "SnapStartResponse", "SnapStartResponse.ApplyOn",
                              "SnapStartResponse.OptimizationStatus"),
}  # fmt: skip
"""The attributes of a type for ``Fn::GetAtt``. Resources of other types have every attribute, with a made-up value."""

STORED = {
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
}
"""The types that the embedded AWS holds."""

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
    "AWS::Lambda::EventSourceMapping": ("FunctionName",),
    "AWS::Lambda::LayerVersion": ("Content",),
    "AWS::Lambda::Version": ("FunctionName",),
}
"""The properties that the gateway reads and that CloudFormation requires."""

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
    "AWS::Lambda::EventSourceMapping": {
        "EventSourceArn": str,
        "FunctionName": str,
        "FunctionResponseTypes": list,
        "ScalingConfig": dict,
    },
    "AWS::Lambda::Function": {"Code": dict, "Environment": dict, "Handler": str, "Layers": list, "LoggingConfig": dict},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": dict},
    "AWS::SQS::Queue": {"RedrivePolicy": dict},
}
"""The Python type that we expect of each property we read, where another type would do harm."""

SHAPE_NAMES: dict[type, str] = {dict: "a mapping", list: "a list", str: "text"}
"""The names of those Python types, for the user."""
