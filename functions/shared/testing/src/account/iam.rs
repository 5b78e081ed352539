//! AWS IAM: roles and OIDC providers. What was changed is not to be seen for as long as `Durations::iam` says
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>): reads answer what was
//! there before, while a create knows what there is.

use super::time::Change;
use super::{Account, Aws};
use domain::PhaseError;
use domain::ports::oidc_providers::OidcProvider;
use domain::ports::roles::Role;
use domain::ports::{OidcProviders, Roles};
use domain::trust_policy::TrustPolicy;

/// `AssumeRolePolicySizeQuota` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const LONGEST_POLICY: usize = 2_048;

impl Aws {
    /// From now on for a while a role is seen as it is now.
    fn hide_role(&mut self, name: &str) {
        if self.clock.durations.iam.is_positive() {
            let seen = self.former_roles.get(name).or(self.roles.get(name)).cloned().unwrap_or_default();
            self.former_roles.insert(name.to_owned(), seen);
            self.later(|durations| durations.iam, Change::RoleSeen(name.to_owned()));
        }
    }

    /// EKS makes no association with a role that does not let it assume the role, as IAM shows it
    /// (hashicorp/terraform-provider-aws#41483). Roles that this account has no policy of are not looked at.
    pub(super) fn lets_pods(&self, role: &str, namespace: Option<&str>, account: &str) -> Result<(), PhaseError> {
        let name = role.rsplit('/').next().unwrap_or_default();
        let seen = self.former_roles.get(name).or(self.roles.get(name));
        let policy = seen.and_then(|policy| TrustPolicy::read(policy));
        if policy.is_none_or(|policy| policy.lets_pods(namespace, account)) {
            return Ok(());
        }
        Err(PhaseError::refused(
            "InvalidParameterException: Trust policy of the role provided is invalid. Follow the official documentation to resolve the issue.",
        ))
    }

    /// The same of a provider.
    fn hide_provider(&mut self, arn: &str) {
        if self.clock.durations.iam.is_positive() {
            let now = self.oidc_providers.get(arn).cloned();
            self.former_providers.entry(arn.to_owned()).or_insert(now);
            self.later(|durations| durations.iam, Change::OidcProviderSeen(arn.to_owned()));
        }
    }
}

impl Roles for Account {
    async fn role(&self, name: &str) -> Result<Option<Role>, PhaseError> {
        self.read("iam:GetRole", |aws| {
            let trust_policy = aws.former_roles.get(name).or(aws.roles.get(name))?.clone();
            Some(Role { arn: format!("arn:aws:iam::123456789012:role/{name}"), trust_policy })
        })
    }

    async fn set_trust_policy(&self, name: &str, policy: &str) -> Result<(), PhaseError> {
        self.change("iam:UpdateAssumeRolePolicy", |aws| {
            if !aws.roles.contains_key(name) {
                let told = format!("NoSuchEntity: The role with name {name} cannot be found.");
                return Err(PhaseError::refused(told));
            }
            if policy.chars().filter(|letter| !letter.is_whitespace()).count() > LONGEST_POLICY {
                let told = format!("LimitExceeded: Cannot exceed quota for ACLSizePerRole: {LONGEST_POLICY}");
                return Err(PhaseError::refused(told));
            }
            if aws.roles.get(name).is_some_and(|found| found != policy) {
                aws.hide_role(name);
                aws.roles.insert(name.to_owned(), policy.to_owned());
            }
            Ok(())
        })
    }
}

impl OidcProviders for Account {
    async fn oidc_provider(&self, arn: &str) -> Result<Option<OidcProvider>, PhaseError> {
        self.read("iam:GetOpenIDConnectProvider", |aws| match aws.former_providers.get(arn) {
            Some(former) => former.clone(),
            None => aws.oidc_providers.get(arn).cloned(),
        })
    }

    async fn create_oidc_provider(&self, provider: &OidcProvider) -> Result<(), PhaseError> {
        self.change("iam:CreateOpenIDConnectProvider", |aws| {
            let arn = &provider.arn;
            if aws.oidc_providers.contains_key(arn) {
                let issuer = domain::trust_policy::issuer(arn);
                let told = format!("EntityAlreadyExists: Provider with url https://{issuer} already exists.");
                return Err(PhaseError::conflict(told));
            }
            aws.create("OidcProvider", "", arn);
            aws.hide_provider(arn);
            aws.oidc_providers.insert(arn.clone(), provider.clone());
            Ok(())
        })
    }

    async fn delete_oidc_provider(&self, arn: &str) -> Result<(), PhaseError> {
        self.change("iam:DeleteOpenIDConnectProvider", |aws| {
            if aws.oidc_providers.contains_key(arn) {
                aws.hide_provider(arn);
                aws.oidc_providers.remove(arn);
            }
            Ok(())
        })
    }
}
