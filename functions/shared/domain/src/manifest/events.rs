//! What last went wrong with an object: the events that Kubernetes and its controllers leave
//! (<https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/>).

use super::ObjectId;
use crate::ports::kubernetes::Event;

/// The last event of the object, or of the Pods and `ReplicaSet`s that it made, in words.
#[must_use]
pub fn last(events: &[Event], id: &ObjectId) -> Option<String> {
    let namespace = |event: &&Event| id.namespace.as_deref().is_none_or(|namespace| namespace == event.namespace);
    let is_about =
        |event: &&Event| (event.kind == id.kind && event.name == id.name) || is_made_by(id, &event.kind, &event.name);
    let event = events.iter().filter(namespace).filter(is_about).max_by(|a, b| a.at.cmp(&b.at))?;
    let of = if event.name == id.name { String::new() } else { format!(" of {}/{}", event.kind, event.name) };
    Some(format!("{}{of}: {}", event.reason, event.message))
}

/// Whether a thing of this kind and name was made for the object: controllers call it after the object, with a part of its own for each
/// level in between.
fn is_made_by(id: &ObjectId, kind: &str, name: &str) -> bool {
    let parts = match (id.kind.as_str(), kind) {
        ("Deployment" | "CronJob", "Pod") => 2,
        ("Deployment", "ReplicaSet")
        | ("CronJob", "Job")
        | ("StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job", "Pod") => 1,
        _ => return false,
    };
    let rest = name.strip_prefix(id.name.as_str()).and_then(|rest| rest.strip_prefix('-'));
    rest.is_some_and(|rest| rest.split('-').count() == parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, name: &str, at: &str) -> Event {
        let (kind, name, at) = (kind.to_owned(), name.to_owned(), at.to_owned());
        Event { namespace: "shop".into(), kind, name, reason: "Failed".into(), message: at.clone(), at }
    }

    #[test]
    fn the_last_event_of_what_an_object_made_is_its_own_and_none_of_its_neighbours() {
        let events = [
            event("Deployment", "web", "2026-01-01T00:00:01Z"),
            event("ReplicaSet", "web-5f7d9", "2026-01-01T00:00:02Z"),
            event("Pod", "web-5f7d9-x2x4z", "2026-01-01T00:00:03Z"),
            event("Pod", "web-api-5f7d9-x2x4z", "2026-01-01T00:00:04Z"),
            event("Pod", "web-0", "2026-01-01T00:00:05Z"),
            event("Service", "web", "2026-01-01T00:00:06Z"),
        ];
        let id = |kind: &str, name: &str, namespace: &str| ObjectId {
            api_version: "apps/v1".into(),
            kind: kind.into(),
            namespace: Some(namespace.into()),
            name: name.into(),
        };
        let last = |kind: &str, name: &str| super::last(&events, &id(kind, name, "shop"));
        assert_eq!(last("Deployment", "web").as_deref(), Some("Failed of Pod/web-5f7d9-x2x4z: 2026-01-01T00:00:03Z"));
        assert_eq!(last("StatefulSet", "web").as_deref(), Some("Failed of Pod/web-0: 2026-01-01T00:00:05Z"));
        assert_eq!(last("Service", "web").as_deref(), Some("Failed: 2026-01-01T00:00:06Z"));
        assert_eq!(last("Deployment", "api"), None);
        assert_eq!(super::last(&events, &id("Deployment", "web", "other")), None);
    }
}
