//! States and locks on the emulator through the functions' own clients, the ledger in memory.

use crate::project::{LOCKS, STATES};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use domain::ports::network::IdentifiedRule;
use domain::ports::terraform_states::{Only, Stored};
use domain::ports::{Clock, Ledger, SecurityGroupRules, TerraformStates};
use domain::{Entry, Migration, PhaseError, Progress, ResourceKey};
use serde_json::Value;

/// Everything that the phase reaches.
pub(crate) struct Ports {
    config: SdkConfig,
    aws: clients::Account,
    memory: testing::Account,
}

impl Ports {
    pub(crate) fn new(endpoint: &str, memory: testing::Account) -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(sandbox::aws::REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::from_keys("test", "test", None)))
            .endpoint_url(endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let aws = clients::Account::new(config.clone(), std::collections::BTreeMap::new());
        Self { config, aws, memory }
    }

    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub(crate) async fn create_bucket_and_table(&self) {
        let region = BucketLocationConstraint::from(sandbox::aws::REGION);
        let place = CreateBucketConfiguration::builder().location_constraint(region).build();
        self.s3().create_bucket().bucket(STATES).create_bucket_configuration(place).send().await.unwrap();
        let id = AttributeDefinition::builder().attribute_name("LockID").attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name("LockID").key_type(KeyType::Hash);
        let table = aws_sdk_dynamodb::Client::new(&self.config).create_table().table_name(LOCKS);
        let table = table.attribute_definitions(id.build().unwrap()).key_schema(key.build().unwrap());
        table.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
    }

    /// The keys of all objects.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let found = self.s3().list_objects_v2().bucket(STATES).send().await.unwrap();
        found.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }

    /// The migration on its way back.
    pub(crate) fn turned_back(&self, migration: &Migration) -> Migration {
        self.memory.turned_back(migration)
    }
}

impl Clock for Ports {
    fn now(&self) -> jiff::Timestamp {
        self.aws.now()
    }

    async fn sleep(&self, duration: jiff::SignedDuration) {
        self.aws.sleep(duration).await;
    }
}

impl Ledger for Ports {
    async fn entry(&self, migration: &Migration, key: &ResourceKey) -> Result<Option<Entry>, PhaseError> {
        self.memory.entry(migration, key).await
    }

    async fn entries(&self, migration: &Migration) -> Result<Vec<Entry>, PhaseError> {
        self.memory.entries(migration).await
    }

    async fn intend(&self, migration: &Migration, key: &ResourceKey, detail: Value) -> Result<(), PhaseError> {
        self.memory.intend(migration, key, detail).await
    }

    async fn present(&self, migration: &Migration, key: &ResourceKey, id: &str) -> Result<(), PhaseError> {
        self.memory.present(migration, key, id).await
    }

    async fn absent(&self, migration: &Migration, key: &ResourceKey) -> Result<(), PhaseError> {
        self.memory.absent(migration, key).await
    }

    async fn record(&self, migration: &Migration, what: &str, evidence: Value) -> Result<(), PhaseError> {
        self.memory.record(migration, what, evidence).await
    }

    async fn progress(&self, migration: &Migration, which: Progress) -> Result<Option<Value>, PhaseError> {
        self.memory.progress(migration, which).await
    }

    async fn save_progress(&self, migration: &Migration, which: Progress, saved: Value) -> Result<(), PhaseError> {
        self.memory.save_progress(migration, which, saved).await
    }
}

impl SecurityGroupRules for Ports {
    async fn identified_rules(&self, group_ids: &[String]) -> Result<Vec<IdentifiedRule>, PhaseError> {
        self.memory.identified_rules(group_ids).await
    }
}

impl TerraformStates for Ports {
    async fn state(&self, bucket: &str, key: &str) -> Result<Option<Stored>, PhaseError> {
        self.aws.state(bucket, key).await
    }

    async fn put_state(
        &self,
        bucket: &str,
        key: &str,
        kms_key_id: Option<&str>,
        only: Only,
        bytes: Vec<u8>,
    ) -> Result<bool, PhaseError> {
        self.aws.put_state(bucket, key, kms_key_id, only, bytes).await
    }

    async fn delete_state(&self, bucket: &str, key: &str, etag: &str) -> Result<(), PhaseError> {
        self.aws.delete_state(bucket, key, etag).await
    }

    async fn state_lock(&self, table: &str, id: &str) -> Result<Option<String>, PhaseError> {
        self.aws.state_lock(table, id).await
    }

    async fn put_state_lock(&self, table: &str, id: &str, info: &str) -> Result<bool, PhaseError> {
        self.aws.put_state_lock(table, id, info).await
    }

    async fn delete_state_lock(&self, table: &str, id: &str, info: &str) -> Result<(), PhaseError> {
        self.aws.delete_state_lock(table, id, info).await
    }

    async fn state_digest(&self, table: &str, id: &str) -> Result<Option<String>, PhaseError> {
        self.aws.state_digest(table, id).await
    }

    async fn put_state_digest(&self, table: &str, id: &str, md5: &str) -> Result<(), PhaseError> {
        self.aws.put_state_digest(table, id, md5).await
    }
}
