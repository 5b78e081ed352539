//! Blue's control plane and green's name and version.

use super::BLUE;
use domain::{
    Input, Limit, PhaseError, Problem,
    plan::compute::{ClusterStatus, Compute},
    ports::Clusters,
    resources::authentication_mode::{BOTH, CONFIG_MAP},
};

/// What is wrong with green's name.
pub(super) async fn problems_of_green<P: Clusters>(ports: &P, input: &Input) -> Result<Vec<Problem>, PhaseError> {
    let name = &input.green.cluster;
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let message = if *name == input.blue.cluster {
        "found blue's own name, expected another one: both clusters exist side by side".to_owned()
    } else if !input.green.existing && ports.cluster(name).await?.is_some() {
        // This execution has created nothing yet, so whatever has the name is somebody else's.
        format!(
            "a cluster {name} exists already and is not of this migration; choose another name or delete it, or write \"existing\": true where you \
             built it to replace blue"
        )
    } else {
        return Ok(Vec::new());
    };
    Ok(vec![Problem::new("$.green.cluster", message)])
}

/// What about blue cannot be cloned.
pub(super) async fn uncloned<P: Clusters>(ports: &P, blue: &ClusterStatus) -> Result<Vec<Problem>, PhaseError> {
    let mut problems = Vec::new();
    for setting in &blue.cluster.not_copied {
        problems.push(Limit::NotCloned.refusal(BLUE, format!("uses {setting}, which is not cloned")));
    }
    if blue.status == "ACTIVE" {
        let capabilities = ports.capabilities(&blue.cluster.name).await?;
        if !capabilities.is_empty() {
            problems.push(Limit::NotCloned.refusal(
                BLUE,
                format!(
                    "has the EKS Capabilities {}, which are not cloned yet; remove them, or make them on green yourself after a migration without them",
                    capabilities.join(", ")
                ),
            ));
        }
    }
    Ok(problems)
}

/// What about blue keeps it from being replaced at all.
pub(super) fn state_of_blue(input: &Input, blue: &ClusterStatus) -> Vec<Problem> {
    let mut problems = Vec::new();
    if blue.status != "ACTIVE" {
        let name = &blue.cluster.name;
        problems.push(Problem::new(
            BLUE,
            format!("{name} is {}, expected ACTIVE; wait until EKS is done with it", blue.status),
        ));
    }
    if blue.cluster.authentication_mode == CONFIG_MAP && input.blue.authentication_mode.is_none() {
        problems.push(Limit::ConfigMapAuthentication.refusal(
            BLUE,
            "its authentication mode is CONFIG_MAP, expected API or API_AND_CONFIG_MAP, which Bascule needs to reach it; let ProvisionControlPlane \
             change it by \"blue\": {\"authenticationMode\": \"API_AND_CONFIG_MAP\"}, or do it yourself by `aws eks update-cluster-config --access-config \
             authenticationMode=API_AND_CONFIG_MAP`: whom aws-auth lets in, it lets in afterwards, and EKS lets no cluster come back from there",
        ));
    }
    problems
}

/// What is wrong with green's version.
pub(super) async fn problems_of_version<P: Clusters>(ports: &P, compute: &Compute) -> Result<Vec<Problem>, PhaseError> {
    let offered = ports.offered_versions().await?;
    Ok(wrong_version(&compute.blue.version, &compute.green.version, &offered)
        .map(|message| Problem::new("$.green.version", message))
        .into_iter()
        .collect())
}

fn wrong_version(blue: &str, green: &str, offered: &[String]) -> Option<String> {
    if minor(green) < minor(blue) {
        return Some(format!("found {green}, lower than blue's {blue}; expected {blue} or later"));
    }
    if offered.iter().any(|version| version == green) {
        return None;
    }
    let mut offered: Vec<_> =
        offered.iter().map(String::as_str).filter(|version| minor(version) >= minor(blue)).collect();
    offered.sort_by_key(|version| minor(version));
    offered.dedup();
    Some(format!("EKS makes no new clusters of version {green}; expected one of {}", offered.join(", ")))
}

/// Major and minor number of a Kubernetes version.
pub(super) fn minor(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or_default());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}

/// What the operator should know.
pub(super) fn advice(input: &Input, compute: &Compute) -> Vec<String> {
    [step_of_no_return(compute), of_auto_mode(input, compute), in_place(input, compute)].into_iter().flatten().collect()
}

/// What comes and goes with EKS Auto Mode.
fn of_auto_mode(input: &Input, compute: &Compute) -> Option<String> {
    let auto = compute.blue.auto_mode.as_ref().filter(|_| !input.green.existing)?;
    let pools = if auto.node_pools.is_empty() { "none".to_owned() } else { auto.node_pools.join(", ") };
    Some(format!(
        "EKS Auto Mode is cloned with its built-in node pools ({pools}): EKS makes their nodes as green's Pods need them, up to as many again as blue has now, \
         which the quotas of EC2 are held against and neither the addresses of subnets nor this plan's costs; and it deletes them with the cluster, \
         blue's in the cleanup and green's on a way back"
    ))
}

/// That blue's authentication mode is changed for good, and what else knows of it.
fn step_of_no_return(compute: &Compute) -> Option<String> {
    (compute.blue.authentication_mode == CONFIG_MAP).then(|| {
        format!(
            "{} gets the authentication mode {BOTH}, as the input allows: ProvisionControlPlane changes it once green's control plane is there and before \
             anybody is asked, EKS lets no cluster come back from there, and neither a no nor a way back changes it. Say it in the code that built blue as well. \
             Whom aws-auth lets in on blue comes to green by a bundle that brings this ConfigMap, or is refused by name in CheckWorkloads",
            compute.blue.name
        )
    })
}

fn in_place(input: &Input, compute: &Compute) -> Option<String> {
    let (blue, green) = (minor(&compute.blue.version), minor(&compute.green.version));
    let only_one_minor = green.0 == blue.0 && green.1 == blue.1 + 1 && input.green.subnet_ids.is_empty();
    // Whoever has built a second cluster has decided.
    if !only_one_minor || input.green.existing {
        return None;
    }
    Some(format!(
        "green differs from blue by one minor version only: EKS's in-place upgrade from {} to {}, which can be rolled back for 7 days, is \
         cheaper if you need neither another name nor another qualification \
         (https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html)",
        compute.blue.version, compute.green.version
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::Cluster;
    use serde_json::{Value, json};

    #[test]
    fn green_has_blues_version_or_a_later_one_that_eks_offers() {
        let offered = ["1.33", "1.34", "1.9", "1.35"].map(str::to_owned);
        for (blue, green, refusal) in [
            ("1.33", "1.33", None),
            ("1.33", "1.35", None),
            ("1.34", "1.33", Some("found 1.33, lower than blue's 1.34; expected 1.34 or later")),
            ("1.33", "1.36", Some("EKS makes no new clusters of version 1.36; expected one of 1.33, 1.34, 1.35")),
            ("1.32", "1.32", Some("EKS makes no new clusters of version 1.32; expected one of 1.33, 1.34, 1.35")),
        ] {
            assert_eq!(wrong_version(blue, green, &offered).as_deref(), refusal, "{blue} -> {green}");
        }
    }

    #[test]
    fn a_blue_that_is_busy_or_lets_nobody_in_is_refused_with_every_reason() {
        let blue = |status: &str, mode: &str| ClusterStatus {
            cluster: Cluster { authentication_mode: mode.to_owned(), ..Cluster::default() },
            status: status.to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            issues: Vec::new(),
        };
        let input = |blue: Value| {
            Input::read(&json!({
                "blue": blue, "green": { "cluster": "shop-green" }, "gateway": { "restApiId": "a1b2c3", "stage": "prod" },
                "workloads": { "manifests": ["s3://bucket/shop.yaml"] },
            }))
            .unwrap()
        };
        let silent = input(json!({ "cluster": "shop-blue" }));
        let allowed = input(json!({ "cluster": "shop-blue", "authenticationMode": "API_AND_CONFIG_MAP" }));
        for (status, mode, input, expected) in [
            ("ACTIVE", "API", &silent, 0),
            ("ACTIVE", "API_AND_CONFIG_MAP", &silent, 0),
            ("UPDATING", "API", &silent, 1),
            ("UPDATING", "CONFIG_MAP", &silent, 2),
            ("ACTIVE", "CONFIG_MAP", &allowed, 0),
            ("ACTIVE", "API", &allowed, 0),
        ] {
            assert_eq!(state_of_blue(input, &blue(status, mode)).len(), expected, "{status} {mode}");
        }
    }
}
