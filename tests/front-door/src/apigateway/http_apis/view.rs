//! What the data plane serves of HTTP APIs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::state::{HttpApi, Snapshot};

/// A stage that has a deployment.
#[derive(Debug, Clone)]
pub(crate) struct HttpStageView {
    pub(crate) release: Arc<HttpRelease>,
}

/// A deployment on a stage, with the stage variables.
#[derive(Debug)]
pub(crate) struct HttpRelease {
    pub(crate) api: String,
    pub(crate) stage: String,
    pub(crate) deployment: String,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) variables: BTreeMap<String, String>,
}

impl HttpStageView {
    /// The stages of an API, by name.
    pub(crate) fn all(id: &str, api: &HttpApi) -> HashMap<String, Self> {
        let of = |stage: &super::Stage| {
            let deployment = stage.deployment_id.clone()?;
            let snapshot = Arc::clone(&api.deployments.get(&deployment)?.snapshot);
            let (api, name, variables) = (id.to_owned(), stage.stage_name.clone(), stage.stage_variables.clone());
            let release = Arc::new(HttpRelease { api, stage: name.clone(), deployment, snapshot, variables });
            Some((name, Self { release }))
        };
        api.stages.values().filter_map(of).collect()
    }
}
