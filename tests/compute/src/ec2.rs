//! The parts of Amazon EC2 that EKS, Elastic Load Balancing and Auto Scaling call on a user's behalf.
//!
//! The calls go to the emulator, so that resources of these services in EC2 (the cluster security group, instances) exist
//! there.

use std::{collections::BTreeMap, net::Ipv4Addr};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{query_client::QueryClient, query_protocol::Fault, xml::Element};

const VERSION: &str = "2016-11-15";

/// The properties of a subnet that other services use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subnet {
    /// `subnet-…`
    pub(crate) id: String,
    /// The VPC that it is in.
    pub(crate) vpc: String,
    /// Its Availability Zone's name.
    pub(crate) zone: String,
}

/// The settings of a launch template version that node groups use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaunchTemplate {
    /// `lt-…`
    pub(crate) id: String,
    /// The template's name.
    pub(crate) name: String,
    /// The version's number.
    pub(crate) version: String,
    /// A custom AMI, where it sets one.
    pub(crate) image: Option<String>,
    /// The user data as text; empty where it sets none.
    pub(crate) user_data: String,
    /// The instance type, where it sets one.
    pub(crate) instance_type: Option<String>,
    /// Security groups, which replace the cluster security group.
    pub(crate) security_groups: Vec<String>,
}

/// The parameters of a launch.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    /// The AMI.
    pub(crate) image: String,
    /// Such as `m5.large`.
    pub(crate) instance_type: String,
    /// The subnet's id.
    pub(crate) subnet: String,
    /// The private address.
    pub(crate) address: Ipv4Addr,
    /// Security groups.
    pub(crate) security_groups: Vec<String>,
    /// Tags of the instance.
    pub(crate) tags: BTreeMap<String, String>,
}

async fn call(client: &QueryClient, action: &str, parameters: &[(String, String)]) -> Result<Element, Fault> {
    client.call("ec2", VERSION, action, parameters).await
}

/// The subnets with these ids, in the same order. A missing one is refused with EC2's error.
pub(crate) async fn subnets(client: &QueryClient, ids: &[String]) -> Result<Vec<Subnet>, Fault> {
    let answer = call(client, "DescribeSubnets", &numbered("SubnetId", ids)).await?;
    let found: Vec<Subnet> = answer
        .list("subnetSet")
        .iter()
        .filter_map(|item| {
            Some(Subnet {
                id: item.child_text("subnetId")?.to_owned(),
                vpc: item.child_text("vpcId")?.to_owned(),
                zone: item.child_text("availabilityZone")?.to_owned(),
            })
        })
        .collect();
    ids.iter()
        .map(|id| {
            found
                .iter()
                .find(|subnet| subnet.id == *id)
                .cloned()
                .ok_or_else(|| Fault::new("InvalidSubnetID.NotFound", format!("The subnet ID '{id}' does not exist")))
        })
        .collect()
}

/// Refuses unless every security group exists.
pub(crate) async fn security_groups_exist(client: &QueryClient, ids: &[String]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let answer = call(client, "DescribeSecurityGroups", &numbered("GroupId", ids)).await?;
    let found = answer.list("securityGroupInfo");
    match ids.iter().find(|id| !found.iter().any(|item| item.child_text("groupId") == Some(id.as_str()))) {
        Some(missing) => {
            Err(Fault::new("InvalidGroup.NotFound", format!("The security group '{missing}' does not exist")))
        }
        None => Ok(()),
    }
}

/// Creates a security group and returns its id.
pub(crate) async fn create_security_group(
    client: &QueryClient,
    name: &str,
    description: &str,
    vpc: &str,
    tags: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let mut parameters = vec![
        ("GroupName".to_owned(), name.to_owned()),
        ("GroupDescription".to_owned(), description.to_owned()),
        ("VpcId".to_owned(), vpc.to_owned()),
    ];
    parameters.extend(tag_specification("security-group", tags));
    let answer = call(client, "CreateSecurityGroup", &parameters).await?;
    text_of(&answer, "groupId")
}

/// Allows all traffic from members of the group itself, the rule of EKS's cluster security group.
pub(crate) async fn allow_from_itself(client: &QueryClient, group: &str) -> Result<(), Fault> {
    let parameters =
        [("GroupId", group), ("IpPermissions.1.IpProtocol", "-1"), ("IpPermissions.1.Groups.1.GroupId", group)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
    call(client, "AuthorizeSecurityGroupIngress", &parameters).await.map(drop)
}

/// Deletes a security group. One that does not exist is not an error.
pub(crate) async fn delete_security_group(client: &QueryClient, group: &str) -> Result<(), Fault> {
    match call(client, "DeleteSecurityGroup", &[("GroupId".to_owned(), group.to_owned())]).await {
        Err(fault) if fault.code != "InvalidGroup.NotFound" => Err(fault),
        _ => Ok(()),
    }
}

/// One version of a launch template: a number, `$Latest` or `$Default`.
pub(crate) async fn launch_template(
    client: &QueryClient,
    id: Option<&str>,
    name: Option<&str>,
    version: &str,
) -> Result<LaunchTemplate, Fault> {
    let mut parameters = vec![("LaunchTemplateVersion.1".to_owned(), version.to_owned())];
    if let Some(id) = id {
        parameters.push(("LaunchTemplateId".to_owned(), id.to_owned()));
    } else if let Some(name) = name {
        parameters.push(("LaunchTemplateName".to_owned(), name.to_owned()));
    }
    let answer = call(client, "DescribeLaunchTemplateVersions", &parameters).await?;
    let item = answer.list("launchTemplateVersionSet").first().ok_or_else(|| {
        Fault::new(
            "InvalidLaunchTemplateId.VersionNotFound",
            "Could not find the specified version for the launch template",
        )
    })?;
    let data = item.child("launchTemplateData").cloned().unwrap_or_default();
    let groups = |list: &str| -> Vec<String> { data.list(list).iter().map(|item| item.text.clone()).collect() };
    let mut security_groups = groups("securityGroupIdSet");
    security_groups
        .extend(data.list("networkInterfaceSet").iter().flat_map(|interface| interface.list("groupSet")).map(group_id));
    Ok(LaunchTemplate {
        id: text_of(item, "launchTemplateId")?,
        name: text_of(item, "launchTemplateName")?,
        version: text_of(item, "versionNumber")?,
        image: data.child_text("imageId").map(str::to_owned),
        user_data: data.child_text("userData").map(decoded).unwrap_or_default(),
        instance_type: data.child_text("instanceType").map(str::to_owned),
        security_groups,
    })
}

fn decoded(base64: &str) -> String {
    STANDARD.decode(base64).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn group_id(item: &Element) -> String {
    item.child_text("groupId").unwrap_or(&item.text).to_owned()
}

/// Launches one instance and returns its id.
pub(crate) async fn run_instance(client: &QueryClient, launch: &Launch) -> Result<String, Fault> {
    let mut parameters = vec![
        ("ImageId".to_owned(), launch.image.clone()),
        ("InstanceType".to_owned(), launch.instance_type.clone()),
        ("MinCount".to_owned(), "1".to_owned()),
        ("MaxCount".to_owned(), "1".to_owned()),
        ("SubnetId".to_owned(), launch.subnet.clone()),
        ("PrivateIpAddress".to_owned(), launch.address.to_string()),
    ];
    parameters.extend(numbered("SecurityGroupId", &launch.security_groups));
    parameters.extend(tag_specification("instance", &launch.tags));
    let answer = call(client, "RunInstances", &parameters).await?;
    text_of(&answer, "instanceId")
}

/// Terminates an instance, and deletes the volumes that EC2 deletes with it. An instance that does not exist is not an error.
///
/// The emulator keeps those volumes, attached to an instance that it forgets after a minute.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html>
pub(crate) async fn terminate_instance(client: &QueryClient, id: &str) -> Result<(), Fault> {
    match call(client, "TerminateInstances", &[("InstanceId.1".to_owned(), id.to_owned())]).await {
        Err(fault) if fault.code != "InvalidInstanceID.NotFound" => return Err(fault),
        _ => {}
    }
    let filters = [
        ("Filter.1.Name", "attachment.instance-id"),
        ("Filter.1.Value.1", id),
        ("Filter.2.Name", "attachment.delete-on-termination"),
        ("Filter.2.Value.1", "true"),
    ];
    let filters = filters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for volume in call(client, "DescribeVolumes", &filters).await?.list("volumeSet") {
        let volume = [("VolumeId".to_owned(), text_of(volume, "volumeId")?)];
        call(client, "DetachVolume", &volume).await?;
        call(client, "DeleteVolume", &volume).await?;
    }
    Ok(())
}

/// Creates a volume of the type gp3 and returns its id.
pub(crate) async fn create_volume(
    client: &QueryClient,
    zone: &str,
    gib: u32,
    tags: &BTreeMap<String, String>,
) -> Result<String, Fault> {
    let mut parameters = vec![
        ("AvailabilityZone".to_owned(), zone.to_owned()),
        ("Size".to_owned(), gib.to_string()),
        ("VolumeType".to_owned(), "gp3".to_owned()),
    ];
    parameters.extend(tag_specification("volume", tags));
    text_of(&call(client, "CreateVolume", &parameters).await?, "volumeId")
}

/// Deletes a volume. One that does not exist is not an error.
pub(crate) async fn delete_volume(client: &QueryClient, id: &str) -> Result<(), Fault> {
    match call(client, "DeleteVolume", &[("VolumeId".to_owned(), id.to_owned())]).await {
        Err(fault) if fault.code != "InvalidVolume.NotFound" => Err(fault),
        _ => Ok(()),
    }
}

/// The tags of a resource.
pub(crate) async fn tags(client: &QueryClient, id: &str) -> Result<BTreeMap<String, String>, Fault> {
    let filter = [("Filter.1.Name", "resource-id"), ("Filter.1.Value.1", id)];
    let filter = filter.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = call(client, "DescribeTags", &filter).await?;
    let tag = |tag: &Element| Some((tag.child_text("key")?.to_owned(), tag.child_text("value")?.to_owned()));
    Ok(answer.list("tagSet").iter().filter_map(tag).collect())
}

fn text_of(answer: &Element, name: &str) -> Result<String, Fault> {
    answer.find(name).map(|element| element.text.clone()).filter(|text| !text.is_empty()).ok_or_else(|| Fault {
        status: 500,
        code: "InternalError".into(),
        message: format!("EC2 answered no {name}"),
    })
}

fn numbered(name: &str, values: &[String]) -> Vec<(String, String)> {
    values.iter().enumerate().map(|(at, value)| (format!("{name}.{}", at + 1), value.clone())).collect()
}

fn tag_specification(kind: &str, tags: &BTreeMap<String, String>) -> Vec<(String, String)> {
    if tags.is_empty() {
        return Vec::new();
    }
    let mut parameters = vec![("TagSpecification.1.ResourceType".to_owned(), kind.to_owned())];
    for (at, (key, value)) in tags.iter().enumerate() {
        parameters.push((format!("TagSpecification.1.Tag.{}.Key", at + 1), key.clone()));
        parameters.push((format!("TagSpecification.1.Tag.{}.Value", at + 1), value.clone()));
    }
    parameters
}
