//! Who served what, seen from the data plane: an observer beside the requests, so that nothing about it is in the answers.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::apigateway::Release;

/// How many requests one deployment of a stage has sent to its integrations, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The REST API.
    pub api: String,
    /// The stage.
    pub stage: String,
    /// The deployment whose snapshot decided.
    pub deployment: String,
    /// The VPC link that carried them; `None` for integrations without one.
    pub vpc_link: Option<String>,
    /// Requests so far.
    pub requests: u64,
    /// When the first of them was sent on.
    pub first: Timestamp,
    /// When the last of them was sent on.
    pub last: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct ServedLog {
    entries: Mutex<Vec<Served>>,
}

impl ServedLog {
    pub(crate) fn count(&self, release: &Release, vpc_link: Option<&str>) {
        let now = Timestamp::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |entry: &&mut Served| {
            entry.deployment == release.deployment
                && entry.stage == release.stage
                && entry.api == release.api
                && entry.vpc_link.as_deref() == vpc_link
        };
        if let Some(entry) = entries.iter_mut().find(same) {
            entry.requests += 1;
            entry.last = now;
            return;
        }
        entries.push(Served {
            api: release.api.clone(),
            stage: release.stage.clone(),
            deployment: release.deployment.clone(),
            vpc_link: vpc_link.map(str::to_owned),
            requests: 1,
            first: now,
            last: now,
        });
    }

    pub(crate) fn snapshot(&self) -> Vec<Served> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
