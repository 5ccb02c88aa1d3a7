"""The properties of functions, and of the resources that the embedded AWS holds."""

from local.stack.uses.use import LABELS, LOGS, Uses

ENCRYPTED = "the data stays on this machine"
LASTS = "the data lasts as long as the gateway"
ONE_REGION = "all regions share one embedded AWS"
CAPACITY = "the embedded AWS does not limit its capacity"
OWN_PROCESS = "functions run as processes of this machine, with the gateway's own Python"
NO_VECTORS = "the table does not have these indexes"
DEDUPLICATION = "a message needs a MessageDeduplicationId"
DEFAULT_SIZE = "messages may have any size that the embedded AWS accepts"

USES = {
    "AWS::DynamoDB::GlobalTable": Uses(
        read="AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema LocalSecondaryIndexes"
        " StreamSpecification TableName TimeToLiveSpecification WriteProvisionedThroughputSettings",
        harmless={
            CAPACITY: "ReadOnDemandThroughputSettings ReadProvisionedThroughputSettings WarmThroughput"
            " WriteOnDemandThroughputSettings",
            ENCRYPTED: "SSESpecification",
            ONE_REGION: "GlobalTableWitnesses MultiRegionConsistency Replicas TableType",
        },
        not_imitated={"GlobalTableSourceArn": "the table starts empty", "VectorIndexes": NO_VECTORS},
    ),
    "AWS::DynamoDB::Table": Uses(
        read="AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema LocalSecondaryIndexes"
        " ProvisionedThroughput StreamSpecification TableName TimeToLiveSpecification",
        harmless={
            LABELS: "Tags",
            LOGS: "ContributorInsightsSpecification",
            CAPACITY: "OnDemandThroughput TableClass WarmThroughput",
            ENCRYPTED: "SSESpecification",
            LASTS: "DeletionProtectionEnabled PointInTimeRecoverySpecification",
        },
        not_imitated={
            "ImportSourceSpecification": "the table starts empty",
            "KinesisStreamSpecification": "Kinesis does not receive the changes of the table",
            "ResourcePolicy": "every function may use the table",
            "VectorIndexes": NO_VECTORS,
        },
    ),
    "AWS::Lambda::Alias": Uses(
        read="FunctionName FunctionVersion Name",
        harmless={LABELS: "Description", OWN_PROCESS: "ProvisionedConcurrencyConfig"},
        not_imitated={"RoutingConfig": "every event reaches the version FunctionVersion"},
    ),
    "AWS::Lambda::EventSourceMapping": Uses(
        read="BatchSize Enabled EventSourceArn FunctionName FunctionResponseTypes MaximumBatchingWindowInSeconds"
        " ScalingConfig",
        harmless={
            LABELS: "Tags",
            LOGS: "LoggingConfig MetricsConfig",
            ENCRYPTED: "KmsKeyArn",
            "only sources other than SQS use it": "AmazonManagedKafkaEventSourceConfig BisectBatchOnFunctionError"
            " DestinationConfig DocumentDBEventSourceConfig MaximumRecordAgeInSeconds MaximumRetryAttempts"
            " ParallelizationFactor Queues SelfManagedEventSource SelfManagedKafkaEventSourceConfig"
            " SourceAccessConfigurations StartingPosition StartingPositionTimestamp Topics TumblingWindowInSeconds",
        },
        not_imitated={
            "FilterCriteria": "every record reaches the function",
            "ProvisionedPollerConfig": "one poller reads the queue",
        },
    ),
    "AWS::Lambda::Function": Uses(
        read="Code Environment FunctionName Handler Layers LoggingConfig MemorySize PackageType Role Runtime Timeout",
        harmless={
            LABELS: "Description Tags",
            LOGS: "TracingConfig",
            ENCRYPTED: "CodeSigningConfigArn KmsKeyArn",
            OWN_PROCESS: "Architectures CapacityProviderConfig EphemeralStorage FunctionScalingConfig"
            " ReservedConcurrentExecutions RuntimeManagementConfig SnapStart VpcConfig",
            "an image is named as such": "ImageConfig",
            "the gateway invokes the version that a caller names": "PublishToLatestPublished",
            "the gateway does not stop loops": "RecursiveLoop",
        },
        not_imitated={
            "DeadLetterConfig": "an event that fails is lost",
            "DurableConfig": "an execution that stops does not continue",
            "FileSystemConfigs": "the function does not have the file system",
            "TenancyConfig": "tenants share workers",
        },
    ),
    "AWS::Lambda::LayerVersion": Uses(
        read="Content",
        harmless={
            LABELS: "Description LayerName LicenseInfo",
            OWN_PROCESS: "CompatibleArchitectures CompatibleRuntimes",
        },
    ),
    "AWS::Lambda::Version": Uses(
        read="FunctionName",
        harmless={
            LABELS: "CodeSha256 Description",
            OWN_PROCESS: "FunctionScalingConfig ProvisionedConcurrencyConfig RuntimePolicy",
        },
    ),
    "AWS::S3::Bucket": Uses(
        read="BucketName",
        harmless={
            LABELS: "Tags",
            LOGS: "AnalyticsConfigurations InventoryConfigurations LoggingConfiguration MetadataConfiguration"
            " MetadataTableConfiguration MetricsConfigurations",
            CAPACITY: "AccelerateConfiguration IntelligentTieringConfigurations",
            ENCRYPTED: "AbacStatus AccessControl BucketEncryption OwnershipControls PublicAccessBlockConfiguration",
        },
        not_imitated={
            "BucketNamePrefix": "the name of the bucket is its logical id",
            "BucketNamespace": "the name of the bucket is its logical id",
            "CorsConfiguration": "the bucket sends no CORS headers",
            "LifecycleConfiguration": "objects do not expire",
            "NotificationConfiguration": "changes of objects are not announced",
            "ObjectLockConfiguration": "objects can be deleted",
            "ObjectLockEnabled": "objects can be deleted",
            "ReplicationConfiguration": "objects are not copied",
            "VersioningConfiguration": "an object has one version",
            "WebsiteConfiguration": "the bucket does not serve a website",
        },
    ),
    "AWS::SNS::Topic": Uses(
        read="FifoTopic TopicName",
        harmless={
            LABELS: "DisplayName Tags",
            LOGS: "DeliveryStatusLogging TracingConfig",
            CAPACITY: "FifoThroughputScope",
            ENCRYPTED: "KmsMasterKeyId SignatureVersion",
        },
        not_imitated={
            "ArchivePolicy": "messages are not kept",
            "ContentBasedDeduplication": DEDUPLICATION,
            "DataProtectionPolicy": "messages pass unchanged",
            "MaximumMessageSize": DEFAULT_SIZE,
            "Subscription": "the topic has no subscribers",
        },
    ),
    "AWS::SQS::Queue": Uses(
        read="ContentBasedDeduplication DelaySeconds FifoQueue MaximumMessageSize MessageRetentionPeriod QueueName"
        " ReceiveMessageWaitTimeSeconds RedrivePolicy VisibilityTimeout",
        harmless={
            LABELS: "Tags",
            CAPACITY: "FifoThroughputLimit",
            ENCRYPTED: "KmsDataKeyReusePeriodSeconds KmsMasterKeyId SqsManagedSseEnabled",
        },
        not_imitated={
            "DeduplicationScope": "the queue compares messages of all groups",
            "RedriveAllowPolicy": "every queue may move its messages to this queue",
        },
    ),
    "AWS::SQS::QueuePolicy": Uses(
        harmless={"the note about the PolicyDocument covers it": "Queues"},
        not_imitated={"PolicyDocument": "the roles of functions alone decide who may use a queue"},
    ),
    "AWS::SSM::Parameter": Uses(
        read="Name Type Value",
        harmless={LABELS: "Description Tags", CAPACITY: "Tier"},
        not_imitated={
            "AllowedPattern": "every value is accepted",
            "DataType": "every value is accepted",
            "Policies": "the parameter does not expire",
        },
    ),
    "AWS::SecretsManager::Secret": Uses(
        read="GenerateSecretString Name SecretString",
        harmless={LABELS: "Description Tags", ENCRYPTED: "KmsKeyId", ONE_REGION: "ReplicaRegions"},
        not_imitated={"Type": "nobody manages the secret"},
    ),
}
"""The properties by type."""
