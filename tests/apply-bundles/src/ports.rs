//! The ports of `DeployWorkloads`: the ledger in memory, S3 and Kubernetes by the functions' own clients.

use crate::journal::{Journal, Line};
use domain::{
    Entry, Migration, PhaseError, Progress, ResourceKey,
    object::Object,
    ports::{Kubernetes, Ledger, Manifests, kubernetes::Reached, manifests::Source},
};
use serde_json::Value;

/// What `DeployWorkloads` works with.
pub(crate) struct Ports {
    memory: testing::Account,
    aws: clients::Account,
    journal: Journal,
}

impl Ports {
    pub(crate) fn new(memory: testing::Account, aws: clients::Account, journal: Journal) -> Self {
        Self { memory, aws, journal }
    }
}

impl Manifests for Ports {
    async fn read(
        &self,
        uri: &str,
        version: Option<&str>,
        see: impl FnMut(Object) + Send,
    ) -> Result<Option<Source>, PhaseError> {
        self.aws.read(uri, version, see).await
    }
}

impl Kubernetes for Ports {
    type Api = <clients::Account as Kubernetes>::Api;

    async fn reach(&self, cluster: &str) -> Result<Option<Reached>, PhaseError> {
        self.aws.reach(cluster).await
    }

    async fn connect(&self, cluster: &str) -> Result<Self::Api, PhaseError> {
        self.aws.connect(cluster).await
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
        self.journal.write(&Line::Intended(key.clone(), detail.clone()))?;
        self.memory.intend(migration, key, detail).await
    }

    async fn present(&self, migration: &Migration, key: &ResourceKey, id: &str) -> Result<(), PhaseError> {
        self.journal.write(&Line::Present(key.clone(), id.to_owned()))?;
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

    async fn save_progress(&self, migration: &Migration, which: Progress, progress: Value) -> Result<(), PhaseError> {
        self.journal.write(&Line::Saved(progress.clone()))?;
        self.memory.save_progress(migration, which, progress).await
    }
}
