//! What the selector terms of an EC2NodeClass of Karpenter find
//! (<https://karpenter.sh/docs/concepts/nodeclasses/#specsubnetselectorterms>), and those of a NodeClass of EKS Auto Mode
//! (<https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html#auto-node-class-spec>): terms are alternatives, what one says must all be so, and `*`
//! stands for any value of a tag.

use super::Around;
use domain::{
    PhaseError, Tags,
    manifest::Object,
    plan::compute::{SecurityGroup, Subnet},
    ports::Network,
};
use serde_json::Value;

/// Subnets and security groups that can be found.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// Those of blue's VPC, which green is in too.
    pub(super) subnets: Vec<Subnet>,
    /// Those of the VPC now.
    pub(super) groups: Vec<SecurityGroup>,
    /// The tags of groups that green will have of its own.
    pub(super) greens: &'a [Tags],
    /// The ids of groups that are blue's alone.
    pub(super) blues: &'a [String],
}

impl<'a> Place<'a> {
    /// What there is in the VPC.
    ///
    /// # Errors
    /// Only what the calls answer.
    pub(super) async fn read<P: Network>(ports: &P, around: &'a Around) -> Result<Self, PhaseError> {
        Ok(Self {
            subnets: ports.vpc_subnets(&around.vpc_id).await?,
            groups: ports.security_groups(&around.vpc_id).await?,
            greens: &around.green_groups,
            blues: &around.blue_groups,
        })
    }

    /// What is wrong with the selectors of nodes.
    pub(super) fn problems(&self, class: &Object) -> Vec<String> {
        let mut problems: Vec<String> = self.subnets(class, "subnetSelectorTerms").into_iter().collect();
        problems.extend(self.groups(class, "securityGroupSelectorTerms"));
        problems
    }

    /// What is wrong with a selector of subnets.
    pub(super) fn subnets(&self, class: &Object, member: &str) -> Option<String> {
        let selector = &class.value["spec"][member];
        let subnets = terms(selector);
        let found = |subnet: &Subnet| subnets.iter().any(|term| finds(term, &subnet.id, "", &subnet.tags));
        (!self.subnets.iter().any(found)).then(|| {
            format!(
                "finds none of the VPC's subnets by {selector}: both clusters are in the same subnets, and a tag has one value. Give the subnets a tag that names no cluster, or one \
                 for each cluster, and select by it, or by ids"
            )
        })
    }

    /// What is wrong with a selector of security groups.
    pub(super) fn groups(&self, class: &Object, member: &str) -> Vec<String> {
        let selector = &class.value["spec"][member];
        let groups = terms(selector);
        let mut problems = Vec::new();
        let found = |group: &SecurityGroup| groups.iter().any(|term| finds(term, &group.id, &group.name, &group.tags));
        let (blues, others): (Vec<_>, Vec<_>) =
            self.groups.iter().filter(|group| found(group)).partition(|group| self.blues.contains(&group.id));
        if !blues.is_empty() {
            let ids: Vec<&str> = blues.iter().map(|group| group.id.as_str()).collect();
            problems.push(format!(
                "finds blue's security groups {} by {selector}, which the nodes of green would keep blue's cleanup from deleting: say in workloads.replace what the words of the \
                 selector become on green. Copies of blue's groups have its tags, with green's name in place of blue's",
                ids.join(", ")
            ));
        }
        let of_green = self.greens.iter().any(|tags| groups.iter().any(|term| finds(term, "", "", tags)));
        if others.is_empty() && blues.is_empty() && !of_green {
            problems.push(format!(
                "finds no security group by {selector}: green gets copies of the groups that blue's control plane and node groups have, with their tags and green's name in place of \
                 blue's. Tag one of these on blue, or select by the id of another"
            ));
        }
        problems
    }
}

fn terms(terms: &Value) -> &[Value] {
    terms.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether a term finds something with this id, name and tags.
fn finds(term: &Value, id: &str, name: &str, tags: &Tags) -> bool {
    let is = |member: &str, found: &str| term[member].as_str().is_none_or(|wanted| wanted == found);
    let mut wanted = term["tags"].as_object().into_iter().flatten();
    is("id", id)
        && is("name", name)
        && wanted.all(|(key, value)| tags.get(key).is_some_and(|found| value == "*" || value == found.as_str()))
}
