//! Token authentication of EKS clusters, which AWS implements as a webhook of the API server.
//!
//! The presigned URL in the token is sent to STS with the cluster's name in the signed header. STS answers with the
//! principal, and its access entry gives the Kubernetes user and groups.
//! <https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html>,
//! <https://github.com/kubernetes-sigs/aws-iam-authenticator#how-does-it-work>

use std::sync::{Arc, Weak};

use futures::future::BoxFuture;
use kubernetes::{Authenticator, Identity};

use crate::{
    account::Account,
    eks::{self, cluster::Cluster},
    token::{self, CLUSTER_HEADER},
    xml::Element,
};

/// The authenticator of an account's clusters.
pub(crate) struct IamAuthenticator {
    account: Weak<Account>,
}

impl IamAuthenticator {
    /// Authenticates against the access entries of this account.
    pub(crate) fn new(account: &Arc<Account>) -> Self {
        Self { account: Arc::downgrade(account) }
    }
}

impl Authenticator for IamAuthenticator {
    fn authenticate(&self, cluster: String, bearer: String) -> BoxFuture<'static, Result<Identity, String>> {
        let account = self.account.upgrade();
        Box::pin(async move {
            let account = account.ok_or("the account is gone")?;
            let presigned = token::decode(&bearer, &account.options.region, jiff::Timestamp::now())?;
            let headers = [("host", presigned.host.as_str()), (CLUSTER_HEADER, cluster.as_str())];
            let answer = account
                .neighbours
                .replay("sts", &presigned.path_and_query, &headers)
                .await
                .map_err(|fault| format!("STS refused the token: {} {}", fault.code, fault.message))?;
            let principal = Principal::read(&answer, presigned.access_key).ok_or("STS answered no ARN")?;
            let state = account.state();
            let cluster = state.clusters.get(&cluster).ok_or("no such cluster")?;
            identify(cluster, &principal)
        })
    }
}

/// An IAM principal as STS sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Principal {
    /// The user's or the role's ARN.
    arn: String,
    /// The name of a role's session.
    session: String,
    access_key: String,
}

impl Principal {
    fn read(answer: &Element, access_key: String) -> Option<Self> {
        let arn = answer.find("Arn")?.text.clone();
        let (arn, session) = canonical(&arn);
        Some(Self { arn, session, access_key })
    }
}

/// Splits a session's ARN into its role's ARN and its session name; other ARNs are kept.
fn canonical(arn: &str) -> (String, String) {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let ["arn", partition, "sts", "", account, resource] = parts.as_slice()
        && let Some((role, session)) = resource.strip_prefix("assumed-role/").and_then(|rest| rest.rsplit_once('/'))
    {
        return (format!("arn:{partition}:iam::{account}:role/{role}"), session.to_owned());
    }
    (arn.to_owned(), String::new())
}

/// Compares principals by account and name, since the ARNs of STS do not have a role's path.
fn same_principal(entry: &str, principal: &str) -> bool {
    let short = |arn: &str| -> Option<(String, String)> {
        let (head, path) = arn.split_once(":role/")?;
        Some((head.to_owned(), path.rsplit('/').next()?.to_owned()))
    };
    entry == principal || short(entry).is_some_and(|entry| short(principal) == Some(entry))
}

/// The user and the groups of a principal in a cluster.
fn identify(cluster: &Cluster, principal: &Principal) -> Result<Identity, String> {
    let mode = cluster.authentication_mode();
    if mode != "CONFIG_MAP"
        && let Some((_, entry)) = cluster.access_entries.iter().find(|(arn, _)| same_principal(arn, &principal.arn))
    {
        let username = entry.stored.resource["username"].as_str().unwrap_or_default();
        let mut groups = eks::texts(&entry.stored.resource["kubernetesGroups"]);
        groups.extend(entry.policies.values().flat_map(eks::group_of));
        return Ok(Identity { username: fill(username, principal), groups });
    }
    // In CONFIG_MAP mode the creator is an administrator by a mapping that EKS does not show. The aws-auth ConfigMap, which
    // maps other principals, is not read here.
    if mode == "CONFIG_MAP" && same_principal(&cluster.creator, &principal.arn) {
        return Ok(Identity { username: "kubernetes-admin".to_owned(), groups: vec![eks::MASTERS.to_owned()] });
    }
    Err(format!("no access entry for {}", principal.arn))
}

/// The templates of <https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>.
fn fill(username: &str, principal: &Principal) -> String {
    let account = principal.arn.split(':').nth(4).unwrap_or_default();
    username
        .replace("{{AccountID}}", account)
        .replace("{{AccessKeyID}}", &principal.access_key)
        .replace("{{SessionNameRaw}}", &principal.session)
        .replace("{{SessionName}}", &principal.session.replace('@', "-"))
}

/// The principal that signed a call of the control plane: a user, or the role of a session.
///
/// The emulator maps access keys to principals. If it refuses, because only the caller can sign with that key, the account's
/// root is assumed.
pub(crate) async fn caller(account: &Account, access_key: Option<&str>) -> String {
    let root = format!("arn:aws:iam::{}:root", account.options.account);
    let Some(access_key) = access_key else { return root };
    let scope = format!("{access_key}/20260101/{}/sts/aws4_request", account.neighbours.region());
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let path = "/?Action=GetCallerIdentity&Version=2011-06-15";
    match account.neighbours.replay("sts", path, &[("authorization", &authorization)]).await {
        Ok(answer) => answer.find("Arn").map_or(root, |arn| canonical(&arn.text).0),
        Err(fault) => {
            tracing::debug!(code = fault.code, "the caller cannot be identified");
            root
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_role() {
        assert_eq!(
            canonical("arn:aws:sts::000000000000:assumed-role/bascule-kubernetes/session-1"),
            ("arn:aws:iam::000000000000:role/bascule-kubernetes".to_owned(), "session-1".to_owned())
        );
        assert_eq!(canonical("arn:aws:iam::000000000000:user/ann").0, "arn:aws:iam::000000000000:user/ann");
    }

    #[test]
    fn an_entry_with_a_path_matches_the_role_that_sts_names_without_it() {
        let sts = "arn:aws:iam::000000000000:role/deployer";
        assert!(same_principal("arn:aws:iam::000000000000:role/team/deployer", sts));
        assert!(!same_principal("arn:aws:iam::000000000000:role/team/other", sts));
        assert!(!same_principal("arn:aws:iam::111111111111:role/deployer", sts));
    }

    #[test]
    fn a_username_template_takes_the_session_name() {
        let principal = Principal {
            arn: "arn:aws:iam::000000000000:role/r".into(),
            session: "ann@example.com".into(),
            access_key: "A".into(),
        };
        assert_eq!(fill("{{AccountID}}/{{SessionName}}", &principal), "000000000000/ann-example.com");
    }
}
