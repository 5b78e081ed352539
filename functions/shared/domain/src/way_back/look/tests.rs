use super::*;
use serde_json::json;

fn id(kind: &str) -> ObjectId {
    let group = if kind == "Pod" { "v1" } else { "apps/v1" };
    let object = json!({ "apiVersion": group, "kind": kind, "metadata": { "namespace": "shop", "name": "web" } });
    crate::object::Object::new(0, 0, object).unwrap().id
}

#[test]
fn blue_is_small_where_it_could_not_carry_what_green_carries() {
    let of =
        |replicas: i64, ready: i64| json!({ "spec": { "replicas": replicas }, "status": { "readyReplicas": ready } });
    let daemons =
        |wanted: i64, ready: i64| json!({ "status": { "desiredNumberScheduled": wanted, "numberReady": ready } });
    for (kind, blue, green, expected) in [
        ("Deployment", Some(of(3, 3)), Some(of(3, 0)), None),
        ("Deployment", Some(of(5, 5)), Some(of(3, 3)), None),
        ("Deployment", Some(of(3, 2)), Some(of(3, 3)), Some(false)),
        ("Deployment", Some(of(3, 0)), Some(of(3, 3)), Some(true)),
        // Its autoscaler has shrunk it.
        ("Deployment", Some(of(2, 2)), Some(of(6, 6)), Some(false)),
        // Somebody scaled it to nothing.
        ("StatefulSet", Some(of(0, 0)), Some(of(1, 1)), Some(true)),
        ("Deployment", Some(of(0, 0)), Some(of(0, 0)), None),
        ("Deployment", Some(of(1, 1)), None, None),
        ("Deployment", None, Some(of(1, 1)), Some(true)),
        ("DaemonSet", Some(daemons(2, 2)), Some(daemons(9, 9)), None),
        ("DaemonSet", Some(daemons(2, 1)), Some(daemons(2, 2)), Some(false)),
        ("DaemonSet", None, Some(daemons(2, 2)), Some(true)),
        ("Pod", Some(json!({ "status": { "phase": "Failed", "message": "evicted" } })), None, Some(true)),
        // Jobs are removed once they have ended.
        ("Job", None, Some(json!({})), None),
        ("CronJob", Some(json!({})), Some(json!({})), None),
    ] {
        let found = small(&id(kind), blue.as_ref(), green.as_ref());
        assert_eq!(found.as_ref().map(|weakness| weakness.gone), expected, "{kind} {blue:?} {green:?}: {found:?}");
    }
}

#[test]
fn a_link_that_is_not_available_carries_nothing() {
    let with = |status: &str| VpcLink {
        id: "l".into(),
        status: status.into(),
        status_message: "no".into(),
        ..VpcLink::default()
    };
    assert_eq!(link("l", Some(&with("AVAILABLE"))), None);
    for (found, expected) in
        [(Some(with("DELETING")), "the VPC link l is DELETING no"), (None, "the VPC link l is deleted")]
    {
        let weakness = link("l", found.as_ref()).unwrap();
        assert_eq!((weakness.gone, weakness.finding.as_str()), (true, expected));
    }
}
