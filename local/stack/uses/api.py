"""The properties of the resources of an API."""

from local.stack.uses.use import LABELS, LOGS, Uses

HTTP_ONLY = "only HTTP APIs have it"
LOOPBACK = "clients connect over loopback, and the gateway makes its own certificate"
NO_BACKENDS = "only HTTP backends use it, and the gateway does not imitate their integrations"
ANY_KEY = "every enabled ApiKey of the template is valid for every stage"
NOT_CONVERTED = "replies are not converted"

USES = {
    "AWS::ApiGateway::Account": Uses(harmless={LOGS: "CloudWatchRoleArn"}),
    "AWS::ApiGateway::ApiKey": Uses(
        read="Enabled Value",
        harmless={LABELS: "CustomerId Description GenerateDistinctId Name Tags"},
        not_imitated={"StageKeys": ANY_KEY},
    ),
    "AWS::ApiGateway::UsagePlan": Uses(
        harmless={LABELS: "Description Tags UsagePlanName"},
        not_imitated={"ApiStages": ANY_KEY, "Quota": "a key has no quota", "Throttle": "a key is not throttled"},
    ),
    "AWS::ApiGateway::UsagePlanKey": Uses(
        harmless={"the note about the plan's ApiStages covers it": "KeyId KeyType UsagePlanId"}
    ),
    "AWS::ApiGatewayV2::Api": Uses(
        read="ApiKeySelectionExpression DisableSchemaValidation ProtocolType RouteSelectionExpression",
        harmless={
            LABELS: "Description Name Tags Version",
            HTTP_ONLY: "BasePath CorsConfiguration CredentialsArn FailOnWarnings RouteKey Target",
            LOOPBACK: "IpAddressType",
        },
        not_imitated={
            "Body": "the routes that it describes do not exist",
            "BodyS3Location": "the routes that it describes do not exist",
            "DisableExecuteApiEndpoint": "clients can also connect without the custom domain",
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
        not_imitated={"EnableSimpleResponses": "the authorizer of a WebSocket API must answer with a policy"},
    ),
    "AWS::ApiGatewayV2::Deployment": Uses(read="ApiId StageName", harmless={LABELS: "Description"}),
    "AWS::ApiGatewayV2::DomainName": Uses(
        read="DomainName",
        harmless={LABELS: "Tags", LOOPBACK: "DomainNameConfigurations"},
        not_imitated={
            "MutualTlsAuthentication": "clients do not need a certificate",
            "RoutingMode": "only API mappings lead to the stage, not routing rules",
        },
    ),
    "AWS::ApiGatewayV2::Integration": Uses(
        read="ApiId CredentialsArn IntegrationType IntegrationUri PassthroughBehavior RequestTemplates"
        " TemplateSelectionExpression TimeoutInMillis",
        harmless={
            LABELS: "Description",
            HTTP_ONLY: "IntegrationSubtype PayloadFormatVersion ResponseParameters",
            NO_BACKENDS: "ConnectionId ConnectionType TlsConfig",
            "a function is invoked with any method": "IntegrationMethod",
        },
        not_imitated={
            "ContentHandlingStrategy": NOT_CONVERTED,
            "RequestParameters": "the request stays unchanged",
        },
    ),
    "AWS::ApiGatewayV2::IntegrationResponse": Uses(
        read="IntegrationId IntegrationResponseKey ResponseTemplates TemplateSelectionExpression",
        harmless={"the integration has the ApiId": "ApiId"},
        not_imitated={"ContentHandlingStrategy": NOT_CONVERTED, "ResponseParameters": "the reply gets no headers"},
    ),
    "AWS::ApiGatewayV2::Model": Uses(read="ApiId Name Schema", harmless={LABELS: "ContentType Description"}),
    "AWS::ApiGatewayV2::Route": Uses(
        read="ApiId ApiKeyRequired AuthorizationType AuthorizerId ModelSelectionExpression RequestModels RouteKey"
        " RouteResponseSelectionExpression Target",
        harmless={LABELS: "OperationName", HTTP_ONLY: "AuthorizationScopes"},
        not_imitated={"RequestParameters": "a connect request without a required parameter is not refused"},
    ),
    "AWS::ApiGatewayV2::RouteResponse": Uses(
        read="RouteId RouteResponseKey",
        harmless={
            "the route has the ApiId": "ApiId",
            "API Gateway does not use it": "ModelSelectionExpression ResponseModels",
        },
        not_imitated={"ResponseParameters": "the reply gets no headers"},
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
            "only callers other than API Gateway use it": "EventSourceToken FunctionUrlAuthType InvokedViaFunctionUrl"
            " PrincipalOrgID",
            "the gateway imitates one account": "SourceAccount",
        },
    ),
}
"""The properties by type."""

SETTINGS = Uses(
    read="ThrottlingBurstLimit ThrottlingRateLimit",
    harmless={LOGS: "DataTraceEnabled DetailedMetricsEnabled LoggingLevel"},
)
"""The members of a stage's DefaultRouteSettings, and of each of its RouteSettings."""
