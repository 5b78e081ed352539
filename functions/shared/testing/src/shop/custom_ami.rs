//! The shop whose nodes have AMIs of its own: those of `general` join by a `NodeConfig` in a MIME message, those of `jobs` by Amazon Linux 2's
//! script.

use super::{BLUE, input_with};
use crate::Account;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::plan::compute::{Cluster, LaunchTemplate};
use domain::ports::network::Image;
use serde_json::{Value, json};

/// The AMIs of blue's nodes.
pub const BLUES: [&str; 2] = ["ami-0b1e000000000001", "ami-0b1e000000000002"];
/// Those that the shop's people built for green's Kubernetes version.
pub const GREENS: [&str; 2] = ["ami-09ee000000000001", "ami-09ee000000000002"];
/// The node groups.
pub const GROUPS: [&str; 2] = ["general", "jobs"];

/// What the input says of green.
#[must_use]
pub fn green() -> Value {
    let changes: Vec<Value> =
        GROUPS.iter().zip(GREENS).map(|(name, image)| json!({ "name": name, "imageId": image })).collect();
    json!({ "cluster": "shop-green", "version": "1.34", "nodeGroups": changes })
}

/// What the shop's people ask for, with these fields more.
#[must_use]
pub fn input(fields: Value) -> Value {
    let mut input = input_with(fields);
    input["green"] = green();
    input
}

/// User data as <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data> shows it for Amazon Linux
/// 2023.
#[must_use]
pub fn node_config(cluster: &Cluster) -> String {
    format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\nContent-Type: text/x-shellscript\n\n#!/bin/bash\n\
         echo hardened\n\n--//\nContent-Type: application/node.eks.aws\n\n---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  \
         cluster:\n    name: {}\n    apiServerEndpoint: {}\n    certificateAuthority: {}\n    cidr: {}\n  kubelet:\n    config:\n      \
         maxPods: 17\n    flags:\n    - --node-labels=tier=web\n\n--//--\n",
        cluster.name,
        cluster.endpoint,
        cluster.certificate_authority,
        cluster.service_cidr.as_deref().unwrap_or_default(),
    )
}

/// User data of Amazon Linux 2, as <https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2/runtime/bootstrap.sh> takes it.
#[must_use]
pub fn script(cluster: &Cluster) -> String {
    format!(
        "#!/bin/bash\nset -ex\nB64_CLUSTER_CA={}\n/etc/eks/bootstrap.sh {} --b64-cluster-ca $B64_CLUSTER_CA --apiserver-endpoint {} \\\n  \
         --kubelet-extra-args '--node-labels=tier=jobs --max-pods=29' --use-max-pods false\n",
        cluster.certificate_authority, cluster.name, cluster.endpoint,
    )
}

impl Account {
    /// The account of this shop before its migration.
    #[must_use]
    pub fn custom_ami_shop() -> Self {
        let account = Self::shop();
        {
            let mut aws = account.aws();
            let blue = aws.clusters.get(BLUE).map(|found| found.cluster.clone()).unwrap_or_default();
            let images = BLUES.into_iter().chain(GREENS).map(|id| Image {
                id: id.to_owned(),
                state: "available".to_owned(),
                architecture: "arm64".to_owned(),
            });
            aws.images.extend(images);
            let nodes = aws.launch_templates.get("lt-1").cloned().unwrap_or_default();
            for (((name, image), id), text) in
                GROUPS.into_iter().zip(BLUES).zip(["lt-1", "lt-2"]).zip([node_config(&blue), script(&blue)])
            {
                let mut template = LaunchTemplate { id: id.to_owned(), name: format!("shop-{name}"), ..nodes.clone() };
                template.data.image_id = Some(image.to_owned());
                aws.user_data.insert(id.to_owned(), STANDARD.encode(text));
                if let Some(group) = aws.node_groups.get_mut(&(BLUE.to_owned(), name.to_owned())) {
                    "CUSTOM".clone_into(&mut group.ami_type);
                    group.launch_template = Some(template.key());
                }
                aws.launch_templates.insert(id.to_owned(), template);
            }
        }
        account
    }

    /// The user data of the launch template of a node group, as text.
    #[must_use]
    pub fn user_data_of(&self, cluster: &str, group: &str) -> Option<String> {
        let aws = self.aws();
        let group = aws.node_groups.get(&(cluster.to_owned(), group.to_owned()))?;
        let id = group.launch_template.as_ref()?.split('@').next()?;
        String::from_utf8(STANDARD.decode(aws.user_data.get(id)?).ok()?).ok()
    }
}
