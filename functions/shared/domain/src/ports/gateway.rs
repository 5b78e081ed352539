//! Amazon API Gateway as phases use it: REST APIs and HTTP APIs, their stages and deployments; VPC links (V1) and usage plans of REST APIs.
//!
//! Reads answer nothing where the thing does not exist, deletes do nothing where it is gone. A throttle is `Unavailable`: the
//! control plane takes 10 requests a second for the whole account
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).

use crate::plan::edge::{Api, Connection, Integration, LinkedMethod, Protocol, Stage, UsagePlan, VpcLink};
use crate::{PhaseError, Tags};
use serde_json::Value;
use std::{fmt, future::Future};

/// One method of a REST API's configuration, or one route of an HTTP API's, with its integration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Method {
    /// The resource's id; of a route that of its integration, which routes may share.
    pub resource_id: String,
    /// The resource's path, or the route's; that of an HTTP API's route for all else is `/$default`, as an export writes it.
    pub path: String,
    /// The method, such as `GET` or `ANY`.
    pub method: String,
    /// Whether callers need an API key.
    pub api_key_required: bool,
    /// `NONE`, `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS` or `JWT`.
    pub authorization: String,
    /// Where requests go; absent where the method has none yet.
    pub integration: Option<Integration>,
}

impl Method {
    /// The method with its integration, where that goes through a VPC link of any sort.
    #[must_use]
    pub fn linked(&self) -> Option<LinkedMethod> {
        let integration = self.integration.clone().filter(|found| found.connection != Connection::Internet)?;
        let (resource_id, path, method) = (self.resource_id.clone(), self.path.clone(), self.method.clone());
        Some(LinkedMethod { resource_id, path, method, integration })
    }
}

/// A deployment: an immutable snapshot of an API's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// What its author wrote.
    pub description: String,
    /// When it was made.
    pub created: String,
}

/// One change of an Update call (<https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patch {
    /// Sets a property.
    Replace(String, String),
    /// Adds an entry to a list or map.
    Add(String, String),
    /// Removes a property or entry.
    Remove(String),
    /// Removes the entry of a list that has this value.
    RemoveValue(String, String),
}

impl Patch {
    /// Sets a property.
    pub fn replace(path: &str, value: impl Into<String>) -> Self {
        Self::Replace(path.to_owned(), value.into())
    }

    /// Removes a property.
    #[must_use]
    pub fn remove(path: &str) -> Self {
        Self::Remove(path.to_owned())
    }
}

/// The value of an API key: never logged, never in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// As API Gateway gave it.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// For the header of a request, only.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// REST APIs and HTTP APIs, and their configuration.
pub trait Apis: Sync {
    /// One API.
    fn api(&self, id: &str) -> impl Future<Output = Result<Option<Api>, PhaseError>> + Send;

    /// Every REST API and every HTTP API of the account in this Region.
    fn apis(&self) -> impl Future<Output = Result<Vec<Api>, PhaseError>> + Send;

    /// Every method of an API's configuration, deployed or not.
    fn methods(&self, api: &str) -> impl Future<Output = Result<Vec<Method>, PhaseError>> + Send;

    /// What a stage serves, as `OpenAPI` 3.0 with API Gateway's extensions
    /// (<https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html>).
    fn export(&self, api: &str, stage: &str) -> impl Future<Output = Result<Value, PhaseError>> + Send;

    /// Makes an API of an `OpenAPI` document and gives its id: of this protocol, and where that is REST with this type of endpoint. It is
    /// not tagged: see [`Apis::tag`].
    fn import(
        &self,
        document: &Value,
        endpoint_type: &str,
        protocol: Protocol,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Replaces the configuration of an API of this protocol by what an `OpenAPI` document says, its name included. Its endpoint, its
    /// stages and the keys that it is called with stay; settings that the document leaves out become their defaults
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-update.html>).
    fn overwrite(
        &self,
        api: &str,
        document: &Value,
        protocol: Protocol,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Changes settings of an API.
    fn update_api(&self, api: &str, patches: &[Patch]) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Adds tags to an API.
    fn tag(&self, api: &str, tags: &Tags) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes an API with everything in it.
    fn delete_api(&self, api: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Points an integration of an API's configuration, which goes through a VPC link, at another one; with all routes that share it.
    fn connect(
        &self,
        api: &str,
        resource: &str,
        method: &str,
        connection: &Connection,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// Stages and deployments of REST APIs and HTTP APIs.
pub trait Stages: Sync {
    /// One stage.
    fn stage(&self, api: &str, name: &str) -> impl Future<Output = Result<Option<Stage>, PhaseError>> + Send;

    /// Every stage of an API.
    fn stages(&self, api: &str) -> impl Future<Output = Result<Vec<Stage>, PhaseError>> + Send;

    /// Makes a stage of `stage.name` for `stage.deployment_id` with its variables and tags.
    fn create_stage(&self, api: &str, stage: &Stage) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Changes a stage in one call.
    fn update_stage(
        &self,
        api: &str,
        name: &str,
        patches: &[Patch],
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a stage.
    fn delete_stage(&self, api: &str, name: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Every deployment of an API.
    fn deployments(&self, api: &str) -> impl Future<Output = Result<Vec<Deployment>, PhaseError>> + Send;

    /// Deploys the configuration, to no stage, and gives the deployment's id.
    fn create_deployment(
        &self,
        api: &str,
        description: &str,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Deletes a deployment; `Conflict` while a stage uses it.
    fn delete_deployment(&self, api: &str, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// VPC links of REST APIs.
pub trait VpcLinks: Sync {
    /// One link, in whatever status.
    fn vpc_link(&self, id: &str) -> impl Future<Output = Result<Option<VpcLink>, PhaseError>> + Send;

    /// Every link of the account in this Region.
    fn vpc_links(&self) -> impl Future<Output = Result<Vec<VpcLink>, PhaseError>> + Send;

    /// Asks for a link to a load balancer and gives its id.
    fn create_vpc_link(
        &self,
        name: &str,
        load_balancer_arn: &str,
        tags: &Tags,
    ) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Asks for the deletion of a link; `Conflict` while an API refers to it.
    fn delete_vpc_link(&self, id: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;
}

/// Usage plans and API keys.
pub trait UsagePlans: Sync {
    /// Every usage plan; the ids of its keys are in it only where it covers a stage of `api`, or of any API where absent.
    fn usage_plans(&self, api: Option<&str>) -> impl Future<Output = Result<Vec<UsagePlan>, PhaseError>> + Send;

    /// Makes a usage plan of this name, stages, throttle, quota and tags, without keys, and gives its id.
    fn create_usage_plan(&self, plan: &UsagePlan) -> impl Future<Output = Result<String, PhaseError>> + Send;

    /// Adds a key to a usage plan; nothing where it is in it.
    fn add_key(&self, plan: &str, key: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Takes stages, as API id and name, out of a usage plan in one call (`UpdateUsagePlan`, once per 20 seconds).
    fn remove_stages(
        &self,
        plan: &str,
        stages: &[(String, String)],
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Deletes a usage plan, which must cover no stage any more.
    fn delete_usage_plan(&self, plan: &str) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The value of an API key; absent where there is no such key, or where it is disabled.
    fn api_key(&self, id: &str) -> impl Future<Output = Result<Option<ApiKey>, PhaseError>> + Send;
}
