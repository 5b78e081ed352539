//! Conversations about volumes and snapshots. Answers have the shapes of the examples of
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>, `API_CreateVolume`, `API_DescribeSnapshots` and
//! `API_CreateSnapshot`.

use super::*;
use crate::scenario::Scenario;
use domain::Condition;

const VOLUMES: &str = r#"<DescribeVolumesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId><volumeSet>
<item><volumeId>vol-1234567890abcdef0</volumeId><size>80</size><snapshotId/><availabilityZone>us-east-1a</availabilityZone><status>in-use</status>
<createTime>2022-03-23T15:49:18.000Z</createTime><attachmentSet><item><volumeId>vol-1234567890abcdef0</volumeId><instanceId>i-1234567890abcdef0</instanceId>
<device>/dev/sdh</device><status>attached</status><deleteOnTermination>false</deleteOnTermination></item></attachmentSet><volumeType>gp3</volumeType>
<iops>3000</iops><throughput>125</throughput><encrypted>true</encrypted><kmsKeyId>arn:aws:kms:us-east-1:123456789012:key/1234abcd</kmsKeyId><tagSet><item><key>team</key><value>shop</value></item></tagSet></item></volumeSet></DescribeVolumesResponse>"#;

const CREATED: &str = r#"<CreateVolumeResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId><volumeId>vol-0fedcba9</volumeId>
<size>80</size><snapshotId>snap-1</snapshotId><availabilityZone>us-east-1a</availabilityZone><status>creating</status><volumeType>gp3</volumeType></CreateVolumeResponse>"#;

const SNAPSHOTS: &str = r#"<DescribeSnapshotsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId><snapshotSet>
<item><snapshotId>snap-1</snapshotId><volumeId>vol-1</volumeId><status>pending</status><progress>30%</progress><volumeSize>15</volumeSize>
<tagSet><item><key>Name</key><value>a*</value></item></tagSet></item>
<item><snapshotId>snap-2</snapshotId><volumeId>vol-1</volumeId><status>completed</status><progress>100%</progress><volumeSize>15</volumeSize>
<tagSet><item><key>Name</key><value>ab</value></item></tagSet></item></snapshotSet></DescribeSnapshotsResponse>"#;

const TAKEN: &str = r#"<CreateSnapshotResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>59dbff89</requestId>
<snapshotId>snap-1</snapshotId><volumeId>vol-1</volumeId><status>pending</status><progress>60%</progress></CreateSnapshotResponse>"#;

fn fault(code: &str) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors><RequestID>ea966190</RequestID></Response>"
    )
}

fn named(name: &str) -> Tags {
    [("Name".to_owned(), name.to_owned())].into()
}

#[tokio::test]
async fn a_volume_is_read_with_who_has_it() {
    let scenario = Scenario::new(&[(200, VOLUMES)]);
    let found = scenario.account.volume("vol-1234567890abcdef0").await.unwrap().unwrap();
    let expected = EbsVolume {
        id: "vol-1234567890abcdef0".to_owned(),
        state: "in-use".to_owned(),
        zone: "us-east-1a".to_owned(),
        gib: 80,
        volume_type: "gp3".to_owned(),
        iops: Some(3000),
        throughput: Some(125),
        key_arn: Some("arn:aws:kms:us-east-1:123456789012:key/1234abcd".to_owned()),
        attached_to: vec!["i-1234567890abcdef0".to_owned()],
        tags: [("team".to_owned(), "shop".to_owned())].into(),
    };
    assert_eq!(found, expected);
    let asked = &scenario.asked()[0].2;
    assert!(asked.contains("Filter.1.Name=volume-id&Filter.1.Value.1=vol-1234567890abcdef0"), "{asked}");
}

#[tokio::test]
async fn a_volume_is_made_from_a_snapshot_under_a_token() {
    let scenario = Scenario::new(&[(200, CREATED)]);
    let request = NewVolume {
        snapshot_id: "snap-1".to_owned(),
        zone: "us-east-1a".to_owned(),
        gib: 80,
        volume_type: "gp3".to_owned(),
        iops: Some(3000),
        throughput: Some(125),
        tags: named("copy"),
        token: "t".to_owned(),
    };
    assert_eq!(scenario.account.create_volume(&request).await.unwrap(), "vol-0fedcba9");
    let asked = &scenario.asked()[0].2;
    for part in [
        "Action=CreateVolume",
        "AvailabilityZone=us-east-1a",
        "SnapshotId=snap-1",
        "VolumeType=gp3",
        "Size=80",
        "Iops=3000",
        "Throughput=125",
        "ClientToken=t",
        "TagSpecification.1.ResourceType=volume",
        "TagSpecification.1.Tag.1.Value=copy",
    ] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
}

#[tokio::test]
async fn a_volume_that_is_gone_is_no_error_and_one_in_use_is_waited_for() {
    let (gone, used, denied) = (fault("InvalidVolume.NotFound"), fault("VolumeInUse"), fault("UnauthorizedOperation"));
    let scenario = Scenario::new(&[(400, &gone), (400, &used), (403, &denied)]);
    assert_eq!(scenario.account.delete_volume("vol-1").await, Ok(()));
    for expected in [Condition::NotReady, Condition::Denied] {
        assert_eq!(scenario.account.delete_volume("vol-1").await.unwrap_err().condition, expected);
    }
}

#[tokio::test]
async fn snapshots_are_those_with_exactly_these_tags() {
    let scenario = Scenario::new(&[(200, SNAPSHOTS)]);
    let found = scenario.account.snapshots_tagged(&named("a*")).await.unwrap();
    let expected = Snapshot { id: "snap-1".to_owned(), state: "pending".to_owned(), progress: "30%".to_owned() };
    assert_eq!(found, [expected]);
    let asked = &scenario.asked()[0].2;
    for part in ["Owner.1=self", "Filter.1.Name=tag%3AName"] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
}

#[tokio::test]
async fn a_snapshot_is_taken_with_its_tags_and_awaited_where_others_are_under_way() {
    let (many, pending) = (fault("ConcurrentSnapshotLimitExceeded"), fault("PendingSnapshotLimitExceeded"));
    let scenario = Scenario::new(&[(200, TAKEN), (400, &many), (400, &pending)]);
    assert_eq!(scenario.account.create_snapshot("vol-1", &named("a")).await.unwrap(), "snap-1");
    for _ in 0..2 {
        let error = scenario.account.create_snapshot("vol-1", &named("a")).await.unwrap_err();
        assert_eq!(error.condition, Condition::NotReady);
    }
    let asked = &scenario.asked()[0].2;
    for part in ["Action=CreateSnapshot", "VolumeId=vol-1", "TagSpecification.1.ResourceType=snapshot"] {
        assert!(asked.contains(part), "{part} in {asked}");
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_named_with_what_to_do() {
    let (snapshots, storage) = (fault("SnapshotLimitExceeded"), fault("VolumeLimitExceeded"));
    let scenario = Scenario::new(&[(400, &snapshots), (400, &storage)]);
    let taken = scenario.account.create_snapshot("vol-1", &named("a")).await.unwrap_err();
    let made = scenario.account.create_volume(&NewVolume::default()).await.unwrap_err();
    for (error, quota) in [(taken, "Snapshots per Region"), (made, "storage of the volume's type")] {
        assert_eq!(error.condition, Condition::Refused);
        assert!(error.message.contains(quota) && error.message.contains("ask Service Quotas for more"), "{error}");
    }
}

#[tokio::test]
async fn a_snapshot_that_is_gone_is_no_error() {
    let (gone, used) = (fault("InvalidSnapshot.NotFound"), fault("InvalidSnapshot.InUse"));
    let scenario = Scenario::new(&[(400, &gone), (400, &used)]);
    assert_eq!(scenario.account.delete_snapshot("snap-1").await, Ok(()));
    assert_eq!(scenario.account.delete_snapshot("snap-1").await.unwrap_err().condition, Condition::Refused);
}
