//! Authentication by bearer token, with a short cache.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;

/// Time that an accepted token is cached. EKS caches results as well (`--authentication-token-webhook-cache-ttl`, two minutes
/// by default); the time is shorter here, so that tests see the effect of deleted access entries.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The user of a token, Kubernetes' `UserInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user name, as shown by `kubectl auth whoami`.
    pub username: String,
    /// The groups; `system:masters` may do everything.
    pub groups: Vec<String>,
}

/// Authenticates bearer tokens for a cluster, like EKS's webhook token authenticator
/// (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication>).
pub trait Authenticator: Send + Sync {
    /// Returns the identity of the bearer token, or the reason why it is refused. The reason is only logged: the caller of
    /// the API gets 401 Unauthorized.
    fn authenticate(&self, cluster: String, bearer: String) -> BoxFuture<'static, Result<Identity, String>>;
}

/// The authenticator of one cluster with its cache, and the token of the cluster's own components.
pub(crate) struct Authentication {
    cluster: String,
    authenticator: Arc<dyn Authenticator>,
    internal_token: String,
    remembered: Mutex<HashMap<String, (Instant, Identity)>>,
}

impl Authentication {
    pub(crate) fn new(cluster: String, authenticator: Arc<dyn Authenticator>, internal_token: String) -> Self {
        Self { cluster, authenticator, internal_token, remembered: Mutex::default() }
    }

    /// The token of the cluster's own components; never logged.
    pub(crate) fn internal_token(&self) -> &str {
        &self.internal_token
    }

    /// The identity of an `Authorization` header; `None` means 401.
    pub(crate) async fn identify(&self, authorization: &str) -> Option<Identity> {
        let (scheme, bearer) = authorization.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let bearer = bearer.trim();
        if bearer == self.internal_token {
            return Some(Identity {
                username: "system:admin".to_owned(),
                groups: vec!["system:masters".to_owned(), "system:authenticated".to_owned()],
            });
        }
        if let Some(identity) = self.recall(bearer) {
            return Some(identity);
        }
        match self.authenticator.authenticate(self.cluster.clone(), bearer.to_owned()).await {
            Ok(mut identity) => {
                let authenticated = "system:authenticated";
                if !identity.groups.iter().any(|group| group == authenticated) {
                    identity.groups.push(authenticated.to_owned());
                }
                self.remember(bearer, &identity);
                Some(identity)
            }
            Err(reason) => {
                tracing::debug!(cluster = self.cluster, reason, "token refused");
                None
            }
        }
    }

    fn recall(&self, bearer: &str) -> Option<Identity> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (when, identity) = remembered.get(bearer)?;
        (when.elapsed() < REMEMBERED).then(|| identity.clone())
    }

    fn remember(&self, bearer: &str, identity: &Identity) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.retain(|_, (when, _)| when.elapsed() < REMEMBERED);
        remembered.insert(bearer.to_owned(), (Instant::now(), identity.clone()));
    }
}
