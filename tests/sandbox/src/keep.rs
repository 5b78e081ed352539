//! How to look around in an account that stays up.

use crate::account::Account;
use crate::aws::REGION;

/// What to type in another terminal.
#[must_use]
pub fn instructions(account: &Account) -> Vec<String> {
    let endpoint = account.aws.endpoint();
    let mut lines = vec![
        "The account stays up until Ctrl-C. In another terminal:".to_owned(),
        format!(
            "  export AWS_ENDPOINT_URL={endpoint} AWS_REGION={REGION} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test"
        ),
        "  aws stepfunctions list-state-machines".to_owned(),
    ];
    for name in [crate::world::BLUE, crate::world::GREEN] {
        if let Some(url) = account.compute.cluster_endpoint(name) {
            lines.push(format!("  {name} is at {url}:"));
            lines.push(format!("    aws eks update-kubeconfig --name {name} --role-arn arn:aws:iam::000000000000:role/shop-operator && kubectl get pods -A"));
        }
    }
    lines.push(format!(
        "  the public API answers at http://{} with Host: api.shop.example.com",
        account.execute_api.address()
    ));
    lines
}
