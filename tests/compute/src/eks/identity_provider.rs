//! Identity provider configurations: <https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html>.
//!
//! None can be associated here, so the list of a cluster is empty.

use serde_json::json;

use super::{Outcome, cluster};
use crate::account::Account;

/// `ListIdentityProviderConfigs`
pub(crate) fn list(account: &Account, name: &str) -> Outcome {
    cluster::find(&account.state(), name)?;
    Ok(json!({ "identityProviderConfigs": [] }))
}
