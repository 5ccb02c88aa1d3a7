"""
What becomes of each property of the API's types: it is read, it makes no difference here, or it is not imitated.

The properties are CloudFormation's; tests/local/stack/test_properties.py compares them with its schema. A property that
stands nowhere here is misspelled, or newer than these tables.

"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Uses:
    """
    Attributes:
        read: Names, separated by spaces.
        harmless: Names, separated by spaces, by the reason why nobody misses them here.
        not_imitated: What it means that a property is not imitated, by its name.

    """

    read: str = ""
    harmless: Mapping[str, str] = field(default_factory=dict)
    not_imitated: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> set[str]:
        return {*self.read.split(), *" ".join(self.harmless.values()).split(), *self.not_imitated}


LABELS = "labels for people and bills"
HTTP_ONLY = "for HTTP APIs only"
LOGS = "logs, metrics and traces go nowhere here"
LOOPBACK = "clients come by loopback, and the gateway makes its own certificate"
NO_BACKENDS = "for backends by HTTP, and no such integration is imitated"
ANY_KEY = "every enabled ApiKey of the template opens every stage"
AS_IT_IS = "a reply goes out as it is"

USES = {
    "AWS::ApiGateway::Account": Uses(harmless={LOGS: "CloudWatchRoleArn"}),
    "AWS::ApiGateway::ApiKey": Uses(
        read="Enabled Value",
        harmless={LABELS: "CustomerId Description GenerateDistinctId Name Tags"},
        not_imitated={"StageKeys": ANY_KEY},
    ),
    "AWS::ApiGateway::UsagePlan": Uses(
        harmless={LABELS: "Description Tags UsagePlanName"},
        not_imitated={"ApiStages": ANY_KEY, "Quota": "no key runs out of requests", "Throttle": "no key is throttled"},
    ),
    "AWS::ApiGateway::UsagePlanKey": Uses(harmless={"the plan's ApiStages say it": "KeyId KeyType UsagePlanId"}),
    "AWS::ApiGatewayV2::Api": Uses(
        read="ApiKeySelectionExpression DisableSchemaValidation ProtocolType RouteSelectionExpression",
        harmless={
            LABELS: "Description Name Tags Version",
            HTTP_ONLY: "BasePath CorsConfiguration CredentialsArn FailOnWarnings RouteKey Target",
            LOOPBACK: "IpAddressType",
        },
        not_imitated={
            "Body": "what it describes is not there",
            "BodyS3Location": "what it describes is not there",
            "DisableExecuteApiEndpoint": "clients get in without the custom domain too, and not on AWS",
        },
    ),
    "AWS::ApiGatewayV2::ApiMapping": Uses(read="ApiId ApiMappingKey DomainName Stage"),
    "AWS::ApiGatewayV2::Authorizer": Uses(
        read="ApiId AuthorizerCredentialsArn AuthorizerType AuthorizerUri IdentitySource",
        harmless={
            LABELS: "Name",
            HTTP_ONLY: "AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds JwtConfiguration",
            "API Gateway does not use it": "IdentityValidationExpression",
        },
        not_imitated={"EnableSimpleResponses": "a WebSocket API's authorizer has to answer with a policy"},
    ),
    "AWS::ApiGatewayV2::Deployment": Uses(read="ApiId StageName", harmless={LABELS: "Description"}),
    "AWS::ApiGatewayV2::DomainName": Uses(
        read="DomainName",
        harmless={LABELS: "Tags", LOOPBACK: "DomainNameConfigurations"},
        not_imitated={
            "MutualTlsAuthentication": "clients need no certificate",
            "RoutingMode": "mappings lead to the stage, and routing rules do not",
        },
    ),
    "AWS::ApiGatewayV2::Integration": Uses(
        read="ApiId CredentialsArn IntegrationType IntegrationUri PassthroughBehavior RequestTemplates"
        " TemplateSelectionExpression TimeoutInMillis",
        harmless={
            LABELS: "Description",
            HTTP_ONLY: "IntegrationSubtype PayloadFormatVersion ResponseParameters",
            NO_BACKENDS: "ConnectionId ConnectionType TlsConfig",
            "a function is invoked, whatever the method": "IntegrationMethod",
        },
        not_imitated={
            "ContentHandlingStrategy": AS_IT_IS,
            "RequestParameters": "nothing is added to the request",
        },
    ),
    "AWS::ApiGatewayV2::IntegrationResponse": Uses(
        read="IntegrationId IntegrationResponseKey ResponseTemplates TemplateSelectionExpression",
        harmless={"its integration tells the API": "ApiId"},
        not_imitated={"ContentHandlingStrategy": AS_IT_IS, "ResponseParameters": "no header is added to the reply"},
    ),
    "AWS::ApiGatewayV2::Model": Uses(read="ApiId Name Schema", harmless={LABELS: "ContentType Description"}),
    "AWS::ApiGatewayV2::Route": Uses(
        read="ApiId ApiKeyRequired AuthorizationType AuthorizerId ModelSelectionExpression RequestModels RouteKey"
        " RouteResponseSelectionExpression Target",
        harmless={LABELS: "OperationName", HTTP_ONLY: "AuthorizationScopes"},
        not_imitated={"RequestParameters": "a handshake without a required parameter is not refused"},
    ),
    "AWS::ApiGatewayV2::RouteResponse": Uses(
        read="RouteId RouteResponseKey",
        harmless={
            "its route tells the API": "ApiId",
            "API Gateway does not use it": "ModelSelectionExpression ResponseModels",
        },
        not_imitated={"ResponseParameters": "no header is added to the reply"},
    ),
    "AWS::ApiGatewayV2::Stage": Uses(
        read="ApiId AutoDeploy DefaultRouteSettings DeploymentId RouteSettings StageName StageVariables",
        harmless={
            LABELS: "Description Tags",
            LOGS: "AccessLogSettings",
            NO_BACKENDS: "ClientCertificateId",
            "API Gateway does not use it": "AccessPolicyId",
        },
    ),
    "AWS::Lambda::Permission": Uses(
        read="Action FunctionName Principal SourceArn",
        harmless={
            "for other callers than API Gateway": "EventSourceToken FunctionUrlAuthType InvokedViaFunctionUrl"
            " PrincipalOrgID",
            "there is one account here": "SourceAccount",
        },
    ),
}

SETTINGS = Uses(
    read="ThrottlingBurstLimit ThrottlingRateLimit",
    harmless={LOGS: "DataTraceEnabled DetailedMetricsEnabled LoggingLevel"},
)
"""Of a stage's DefaultRouteSettings, and of each of its RouteSettings."""
