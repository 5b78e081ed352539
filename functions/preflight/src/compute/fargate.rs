//! Blue's Fargate profiles, and what keeps Fargate from running Pods of green.

use super::{BLUE, existing::differences::Differences};
use domain::{
    Input, PhaseError, Problem,
    pattern::is_like,
    plan::compute::{Compute, FargateProfile},
    ports::FargateProfiles,
    trust_policy::TrustPolicy,
};

/// The service that takes a Pod execution role, for Fargate profiles of some clusters only where a condition on `aws:SourceArn` says so
/// (<https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html>).
const SERVICE: &str = "eks-fargate-pods.amazonaws.com";

/// Reads the Fargate profiles of a blue whose node groups are read too.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn read<P: FargateProfiles>(
    ports: &P,
    blue: &str,
    problems: &mut Vec<Problem>,
) -> Result<Vec<FargateProfile>, PhaseError> {
    let profiles = all(ports, blue).await?;
    problems.extend(profiles.iter().filter(|profile| profile.status != "ACTIVE").map(|profile| {
        let (name, status) = (&profile.name, &profile.status);
        Problem::new(BLUE, format!("the Fargate profile {name} is {status}, expected ACTIVE; wait or make it again"))
    }));
    Ok(profiles)
}

/// Every Fargate profile of a cluster.
///
/// # Errors
/// Only what the calls answer.
pub(super) async fn all<P: FargateProfiles>(ports: &P, cluster: &str) -> Result<Vec<FargateProfile>, PhaseError> {
    let mut profiles = Vec::new();
    for name in ports.fargate_profiles(cluster).await? {
        profiles.extend(ports.fargate_profile(cluster, &name).await?);
    }
    Ok(profiles)
}

/// A Pod execution role may take the Fargate profiles of blue alone; its trust policy must take green's.
pub(super) fn trusts_others_only(compute: &Compute, role: &str, policy: &str) -> Option<String> {
    let profile = compute.fargate_profiles.iter().find(|profile| profile.pod_execution_role_arn == role)?;
    let Some(policy) = TrustPolicy::read(policy) else {
        return Some(format!(
            "the trust policy of the Pod execution role {role} cannot be read, expected a policy that takes the Fargate profiles of {}",
            compute.green.name
        ));
    };
    let sources = policy.sources_of(SERVICE);
    let greens = compute.blue.arn.replace(":cluster/", ":fargateprofile/");
    let greens = greens.strip_suffix(&compute.blue.name).unwrap_or(&greens);
    let greens = format!("{greens}{}", compute.green.name);
    let of_profile = format!("{greens}/{}/0", profile.name);
    (!sources.is_empty() && !sources.iter().any(|pattern| is_like(pattern, &of_profile))).then(|| {
        format!(
            "the trust policy of the Pod execution role {role} takes Fargate profiles with an aws:SourceArn like {} only, and not those of {}: none of its Pods would \
             start on Fargate. Add {greens}/*",
            sources.join(", "),
            compute.green.name
        )
    })
}

/// Profiles of one name must select the same Pods: one that is missing leaves Pods on nodes, or nowhere.
pub(super) fn compare(blue: &[FargateProfile], green: &[FargateProfile], differences: &mut Differences) {
    for like in blue {
        let name = &like.name;
        match green.iter().find(|profile| profile.name == *name) {
            None => differences.breaks(format!(
                "it has no Fargate profile {name}: Pods that only Fargate takes would stay Pending. Create it with blue's selectors"
            )),
            Some(profile) if profile.status != "ACTIVE" => {
                let status = &profile.status;
                differences.breaks(format!("its Fargate profile {name} is {status}, expected ACTIVE; wait or make it again"));
            }
            Some(profile) => {
                let of_its_own = ["arn", "tags", "status", "issues"];
                differences.members(&format!("Fargate profile {name}:"), like, profile, &of_its_own);
            }
        }
    }
}

/// What people should know of the Pods that will run on Fargate.
pub(super) fn advice(input: &Input, compute: &Compute) -> Vec<String> {
    if compute.fargate_profiles.is_empty() || input.green.existing {
        return Vec::new();
    }
    let names: Vec<&str> = compute.fargate_profiles.iter().map(|profile| profile.name.as_str()).collect();
    let mut advice = vec![format!(
        "Pods of the Fargate profiles {} run twice while both clusters exist: they count twice in the quota \"Fargate On-Demand vCPU resource count\" \
         (service fargate, L-3032A538) and take addresses of the profiles' subnets, and neither that nor what they cost is in this plan",
        names.join(", ")
    )];
    if !input.green.subnet_ids.is_empty() {
        advice.push(
            "green's Fargate profiles keep the subnets of blue's, whatever $.green.subnetIds says: EKS takes private ones only"
                .to_owned(),
        );
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::plan::compute::{Cluster, Green};
    use serde_json::{Value, json};

    fn compute() -> Compute {
        Compute {
            blue: Cluster {
                name: "my-blue".to_owned(),
                arn: "arn:aws:eks:us-west-2:111122223333:cluster/my-blue".to_owned(),
                ..Cluster::default()
            },
            green: Green { name: "my-green".to_owned(), ..Green::default() },
            fargate_profiles: vec![FargateProfile {
                name: "web".to_owned(),
                pod_execution_role_arn: "arn:role".to_owned(),
                ..FargateProfile::default()
            }],
            ..Compute::default()
        }
    }

    /// The policy of <https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html>.
    fn policy(sources: &Value) -> String {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Condition": { "ArnLike": { "aws:SourceArn": sources } },
                "Principal": { "Service": "eks-fargate-pods.amazonaws.com" },
                "Action": "sts:AssumeRole",
            }],
        })
        .to_string()
    }

    #[test]
    fn a_pod_execution_role_must_take_greens_profiles() {
        let told = |policy: &str| trusts_others_only(&compute(), "arn:role", policy);
        let of = |cluster: &str| format!("arn:aws:eks:us-west-2:111122223333:fargateprofile/{cluster}/*");
        for (sources, taken) in [
            (json!(of("my-blue")), false),
            (json!([of("my-blue"), of("other")]), false),
            (json!([of("my-blue"), of("my-green")]), true),
            (json!(of("my-*")), true),
            (json!("arn:aws:eks:us-west-2:111122223333:*"), true),
        ] {
            assert_eq!(told(&policy(&sources)).is_none(), taken, "{sources}");
        }
        let message = told(&policy(&json!(of("my-blue")))).unwrap();
        assert!(message.ends_with("Add arn:aws:eks:us-west-2:111122223333:fargateprofile/my-green/*"), "{message}");
    }

    #[test]
    fn roles_without_the_condition_and_those_of_no_profile_are_left() {
        let open = r#"{"Statement":{"Effect":"Allow","Principal":{"Service":"eks-fargate-pods.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        assert_eq!(trusts_others_only(&compute(), "arn:role", open), None);
        let mut both: Value = serde_json::from_str(open).unwrap();
        let bound: Value =
            serde_json::from_str(&policy(&json!("arn:aws:eks:us-west-2:111122223333:fargateprofile/my-blue/*")))
                .unwrap();
        both["Statement"] = json!([both["Statement"], bound["Statement"][0]]);
        assert_eq!(trusts_others_only(&compute(), "arn:role", &both.to_string()), None);
        let closed = policy(&json!("arn:aws:eks:us-west-2:111122223333:fargateprofile/my-blue/*"));
        assert_eq!(trusts_others_only(&compute(), "arn:another", &closed), None);
    }

    #[test]
    fn a_trust_policy_that_cannot_be_read_is_not_taken_for_an_open_one() {
        let told = trusts_others_only(&compute(), "arn:role", "{");
        assert!(told.is_some_and(|told| told.contains("arn:role cannot be read")));
    }

    #[test]
    fn a_profile_that_is_missing_on_green_breaks_and_one_that_selects_others_is_told() {
        let profile = |name: &str, namespace: &str, status: &str| FargateProfile {
            name: name.to_owned(),
            selectors: vec![domain::plan::compute::FargateSelector {
                namespace: namespace.to_owned(),
                ..Default::default()
            }],
            status: status.to_owned(),
            ..FargateProfile::default()
        };
        let blue = [profile("a", "a", "ACTIVE"), profile("b", "b", "ACTIVE"), profile("c", "c", "ACTIVE")];
        let mut differences = Differences::default();
        compare(&blue, &[profile("a", "x", "ACTIVE"), profile("b", "b", "DELETING")], &mut differences);
        let (problems, told) = differences.finish("$.green.cluster");
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(told[0].starts_with("green differs from blue: Fargate profile a: selectors is"), "{told:?}");
    }
}
