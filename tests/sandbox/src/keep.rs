//! How to look around in an account that stays up.

use crate::account::Account;
use crate::aws::REGION;
use crate::world::{BLUE, GREEN, HOST};

/// What to type in another terminal.
///
/// The AWS CLI presigns a cluster's token for the endpoint of STS that it is told, and EKS takes tokens for the regional
/// endpoint only: it gets that one once the role is assumed, from when on nothing is sent there.
#[must_use]
pub fn instructions(account: &Account) -> Vec<String> {
    let endpoint = account.aws.endpoint();
    let mut lines = vec![
        "The account stays up until Ctrl-C. In another terminal:".to_owned(),
        format!(
            "  export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION={REGION} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
             KUBECONFIG=$(mktemp)"
        ),
        "  aws stepfunctions list-state-machines".to_owned(),
        format!(
            "  curl -H Host:{HOST} -H x-api-key:$(aws apigateway get-api-keys --include-values --output text --query 'items[0].value') \
             http://{}/products",
            account.execute_api.address()
        ),
        "Then kubectl, as the role that operates the shop's clusters:".to_owned(),
    ];
    for name in [BLUE, GREEN] {
        if account.compute.cluster_endpoint(name).is_some() {
            lines.push(format!("  aws eks update-kubeconfig --name {name} --alias {name}"));
        }
    }
    lines.push(
        "  eval \"$(aws sts assume-role --role-arn arn:aws:iam::000000000000:role/shop-operator --role-session-name me --output text \
         --query \"Credentials.join('', ['export AWS_ACCESS_KEY_ID=', AccessKeyId, ' AWS_SECRET_ACCESS_KEY=', SecretAccessKey, \
         ' AWS_SESSION_TOKEN=', SessionToken])\")\""
            .to_owned(),
    );
    lines.push(format!("  export AWS_ENDPOINT_URL_STS=https://sts.{REGION}.amazonaws.com"));
    lines.push("  kubectl get pods -A".to_owned());
    lines
}
