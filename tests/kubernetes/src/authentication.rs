//! Who is calling: bearer tokens, checked by the cluster's owner and remembered for a short time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;

/// How long an accepted token is not checked again. EKS's webhook caches its answers as well
/// (`--authentication-token-webhook-cache-ttl`, two minutes by default); shorter here, so that a test which takes an
/// access entry away sees the effect.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The user a token stands for, as Kubernetes' `UserInfo` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that audit records and `kubectl auth whoami` show.
    pub username: String,
    /// Groups, in which the authorization rules are written; `system:masters` may do everything.
    pub groups: Vec<String>,
}

/// Decides whether a bearer token is good for a cluster, as the webhook token authenticator of EKS does
/// (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication>).
pub trait Authenticator: Send + Sync {
    /// Answers with the identity behind `bearer`, or with the reason why there is none. The reason is for the log of
    /// the authenticator: the caller of the API only ever sees 401 Unauthorized.
    fn authenticate(&self, cluster: String, bearer: String) -> BoxFuture<'static, Result<Identity, String>>;
}

/// The authenticator of one cluster with its memory, and the token that the cluster's own parts use.
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

    /// The token of the cluster's own parts; never printed.
    pub(crate) fn internal_token(&self) -> &str {
        &self.internal_token
    }

    /// The identity behind an `Authorization` header, or none (401).
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
