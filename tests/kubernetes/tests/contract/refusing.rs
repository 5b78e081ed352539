//! What Kubernetes refuses, and with which words: the rules of `pkg/apis/*/validation` in k8s.io/kubernetes.

use kube::{
    Api,
    api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};

use crate::{
    support::{Stage, api_of, eventually},
    trials::Tests,
};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.both(what_cannot_change_is_told_by_its_field);
    tests.both(what_no_object_may_have_is_told_by_its_field);
    tests.both(what_does_not_fit_its_type_is_a_bad_request);
    tests.both(a_namespace_that_is_going_takes_nothing_new);
    tests.both(a_pod_needs_its_service_account_and_its_priority_class);
    tests.both(names_of_path_and_object_must_be_the_same);
}

fn pods(labels: &Value) -> Value {
    json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}})
}

fn object(api_version: &str, kind: &str, rest: &Value) -> Value {
    let mut object =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": format!("a-{}", kind.to_lowercase())}});
    object.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    object
}

fn deployment() -> Value {
    let labels = json!({"app": "a"});
    object("apps/v1", "Deployment", &json!({"spec": {"selector": {"matchLabels": labels}, "template": pods(&labels)}}))
}

fn stateful_set() -> Value {
    let labels = json!({"app": "b"});
    let spec =
        json!({"serviceName": "b", "replicas": 0, "selector": {"matchLabels": labels}, "template": pods(&labels)});
    object("apps/v1", "StatefulSet", &json!({"spec": spec}))
}

fn job() -> Value {
    let mut template = pods(&json!({}));
    template["spec"]["restartPolicy"] = json!("Never");
    object("batch/v1", "Job", &json!({"spec": {"template": template}}))
}

fn claim() -> Value {
    let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"});
    object("v1", "PersistentVolumeClaim", &json!({"spec": spec}))
}

/// Code, reason and the fields of the causes of an error.
fn told(error: kube::Error) -> (u16, String, Vec<String>) {
    let kube::Error::Api(status) = error else { panic!("{error}") };
    let causes = status.details.as_ref().map(|details| details.causes.clone()).unwrap_or_default();
    (status.code, status.reason.clone(), causes.into_iter().map(|cause| cause.field).collect())
}

async fn what_cannot_change_is_told_by_its_field(stage: Stage) {
    let client = stage.client().await;
    let map = |more: &Value| object("v1", "ConfigMap", more);
    let binding = json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}});
    let service = json!({"spec": {"selector": {"app": "a"}, "ports": [{"port": 80}]}});
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for (first, change, field) in [
        (
            deployment(),
            json!({"spec": {"selector": {"matchLabels": {"app": null, "x": "y"}}, "template": {"metadata": {"labels": {"x": "y"}}}}}),
            "spec.selector",
        ),
        (stateful_set(), json!({"spec": {"serviceName": "c"}}), "spec.serviceName"),
        (
            job(),
            json!({"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "a:2"}]}}}}),
            "spec.template",
        ),
        (map(&json!({"immutable": true, "data": {"a": "1"}})), json!({"data": {"a": "2"}}), "data"),
        (map(&json!({"metadata": {"name": "b"}, "immutable": true})), json!({"immutable": false}), "immutable"),
        (object("v1", "Secret", &json!({"type": "Opaque"})), json!({"type": "example.org/other"}), "type"),
        (
            object("rbac.authorization.k8s.io/v1", "RoleBinding", &binding),
            json!({"roleRef": {"name": "edit"}}),
            "roleRef",
        ),
        (
            object("v1", "Service", &service),
            json!({"spec": {"clusterIP": "None", "clusterIPs": ["None"]}}),
            "spec.clusterIPs[0]",
        ),
        (claim(), json!({"spec": {"storageClassName": "other"}}), "spec"),
    ] {
        let first: DynamicObject = serde_json::from_value(first).unwrap();
        let api = api_of(&client, &first).await;
        let name = first.metadata.name.clone().unwrap();
        api.create(&PostParams::default(), &first).await.unwrap();
        let answer = api.patch(&name, &PatchParams::default(), &Patch::Merge(&change)).await;
        found.push((name.clone(), change.to_string(), answer.map(|_| "taken").map_err(told)));
        expected.push((name, change.to_string(), Err((422, "Invalid".to_owned(), vec![field.to_owned()]))));
    }
    assert_eq!(found, expected);
}

async fn what_no_object_may_have_is_told_by_its_field(stage: Stage) {
    let client = stage.client().await;
    let with = |mut object: Value, pointer: &str, value: Value| {
        *object.pointer_mut(pointer).unwrap() = value;
        object
    };
    let service = |ports: Value| object("v1", "Service", &json!({"spec": {"type": "NodePort", "ports": ports}}));
    let ingress = |path: Value, host: &str| {
        object(
            "networking.k8s.io/v1",
            "Ingress",
            &json!({"spec": {"rules": [{"host": host, "http": {"paths": [path]}}]}}),
        )
    };
    let backend = json!({"service": {"name": "a", "port": {"number": 80}}});
    let budget = json!({"spec": {"minAvailable": 1, "maxUnavailable": 1, "selector": {}}});
    let scaler = json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}, "minReplicas": 3, "maxReplicas": 2}});
    let cron = |schedule: &str, restart: &str| {
        let mut template = pods(&json!({}));
        template["spec"]["restartPolicy"] = json!(restart);
        object(
            "batch/v1",
            "CronJob",
            &json!({"spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}}}),
        )
    };
    let container = "/spec/template/spec/containers/0";
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    for (wrong, fields) in [
        (
            object("apps/v1", "Deployment", &json!({"spec": {"template": pods(&json!({"app": "a"}))}})),
            vec!["spec.selector", "spec.template.metadata.labels"],
        ),
        (service(json!([{"port": 80, "nodePort": 80}])), vec!["spec.ports[0].nodePort"]),
        (service(json!([{"port": 70000}])), vec!["spec.ports[0].port", "spec.ports[0].targetPort"]),
        (service(json!([{"port": 80, "name": "a"}, {"port": 81, "name": "a"}])), vec!["spec.ports[1].name"]),
        (
            ingress(json!({"path": "cart", "pathType": "Prefix", "backend": backend}), "a.example"),
            vec!["spec.rules[0].http.paths[0].path"],
        ),
        (ingress(json!({"path": "/", "backend": backend}), "a.example"), vec!["spec.rules[0].http.paths[0].pathType"]),
        (
            ingress(json!({"path": "/", "pathType": "Prefix", "backend": backend}), "A.example"),
            vec!["spec.rules[0].host"],
        ),
        (object("policy/v1", "PodDisruptionBudget", &budget), vec!["spec"]),
        (object("autoscaling/v2", "HorizontalPodAutoscaler", &scaler), vec!["spec.maxReplicas"]),
        (cron("every day", "Never"), vec!["spec.schedule"]),
        (cron("0 0 * * *", "Always"), vec!["spec.jobTemplate.spec.template.spec.restartPolicy"]),
        (
            with(deployment(), container, json!({"name": "A_b", "image": "a:1"})),
            vec!["spec.template.spec.containers[0].name"],
        ),
        (
            with(deployment(), container, json!({"name": "a", "image": "a:1", "ports": [{"containerPort": 0}]})),
            vec!["spec.template.spec.containers[0].ports[0].containerPort"],
        ),
        (
            with(
                deployment(),
                container,
                json!({"name": "a", "image": "a:1", "ports": [{"name": "much-too-long-a-name", "containerPort": 80}]}),
            ),
            vec!["spec.template.spec.containers[0].ports[0].name"],
        ),
        (
            with(deployment(), container, json!({"name": "a", "image": "a:1", "imagePullPolicy": "Sometimes"})),
            vec!["spec.template.spec.containers[0].imagePullPolicy"],
        ),
        (
            with(deployment(), container, json!({"name": "a", "image": "a:1", "env": [{"name": ""}]})),
            vec!["spec.template.spec.containers[0].env[0].name"],
        ),
        (
            with(
                deployment(),
                container,
                json!({"name": "a", "image": "a:1", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}),
            ),
            vec!["spec.template.spec.containers[0].resources.requests"],
        ),
        (
            object("v1", "ConfigMap", &json!({"metadata": {"name": "a", "labels": {"a": "not a value"}}})),
            vec!["metadata.labels"],
        ),
        (object("v1", "ConfigMap", &json!({"data": {"not/a/key": "x"}})), vec!["data[not/a/key]"]),
        (
            object("v1", "Secret", &json!({"type": "kubernetes.io/tls", "data": {}})),
            vec!["data[tls.crt]", "data[tls.key]"],
        ),
    ] {
        let told_of = wrong.to_string();
        let wrong: DynamicObject = serde_json::from_value(wrong).unwrap();
        let answer = api_of(&client, &wrong).await.create(&PostParams::default(), &wrong).await;
        found.push((told_of.clone(), answer.map(|_| "taken").map_err(told)));
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        expected.push((told_of, Err((422, "Invalid".to_owned(), fields))));
    }
    assert_eq!(found, expected);
}

async fn what_does_not_fit_its_type_is_a_bad_request(stage: Stage) {
    let client = stage.client().await;
    let mut text = deployment();
    text["spec"]["replicas"] = json!("2");
    for (wrong, part) in [
        (text, "Deployment in version \"v1\" cannot be handled as a Deployment: "),
        (
            object("v1", "Secret", &json!({"data": {"a": "not base64!"}})),
            "Secret in version \"v1\" cannot be handled as a Secret: ",
        ),
        (
            object("v1", "ConfigMap", &json!({"data": {"port": 80}})),
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: ",
        ),
    ] {
        let wrong: DynamicObject = serde_json::from_value(wrong).unwrap();
        let api = api_of(&client, &wrong).await;
        let Err(kube::Error::Api(status)) = api.create(&PostParams::default(), &wrong).await else {
            panic!("expected {part}")
        };
        assert_eq!((status.code, status.reason.as_str()), (400, "BadRequest"), "{}", status.message);
        assert!(status.message.contains(part), "{}", status.message);
    }
}

async fn a_namespace_that_is_going_takes_nothing_new(stage: Stage) {
    let client = stage.client().await;
    let map: DynamicObject = serde_json::from_value(object(
        "v1",
        "ConfigMap",
        &json!({"metadata": {"name": "held", "finalizers": ["example.org/hold"]}}),
    ))
    .unwrap();
    let maps = api_of(&client, &map).await;
    maps.create(&PostParams::default(), &map).await.unwrap();
    let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
    namespaces.delete(&stage.namespace, &DeleteParams::default()).await.unwrap();
    let late: DynamicObject = serde_json::from_value(object("v1", "ConfigMap", &json!({}))).unwrap();
    let applied = maps.patch("a-configmap", &PatchParams::apply("a"), &Patch::Apply(&late)).await;
    let Err(kube::Error::Api(status)) = applied else { panic!("a late ConfigMap was taken") };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    let expected = format!(
        "configmaps \"a-configmap\" is forbidden: unable to create new content in namespace {} because it is being terminated",
        stage.namespace
    );
    assert_eq!(status.message, expected);
    let free = json!({"metadata": {"finalizers": null}});
    maps.patch("held", &PatchParams::default(), &Patch::Merge(&free)).await.unwrap();
    eventually("no namespace", async || namespaces.get_opt(&stage.namespace).await.unwrap().is_none().then_some(()))
        .await;
}

async fn a_pod_needs_its_service_account_and_its_priority_class(stage: Stage) {
    let client = stage.client().await;
    let account = object("v1", "ServiceAccount", &json!({"metadata": {"name": "default"}}));
    let accounts = api_of(&client, &serde_json::from_value(account).unwrap()).await;
    eventually("the default account of a new namespace", async || accounts.get_opt("default").await.unwrap()).await;
    let pod = |more: &Value| -> DynamicObject {
        let mut spec = json!({"containers": [{"name": "a", "image": "a:1"}]});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(object("v1", "Pod", &json!({"spec": spec}))).unwrap()
    };
    let pods = api_of(&client, &pod(&json!({}))).await;
    let expected = format!(
        "pods \"a-pod\" is forbidden: error looking up service account {0}/nobody: serviceaccount \"nobody\" not found",
        stage.namespace
    );
    for (more, expected) in [
        (json!({"serviceAccountName": "nobody"}), expected.as_str()),
        (
            json!({"priorityClassName": "none"}),
            "pods \"a-pod\" is forbidden: no PriorityClass with name none was found",
        ),
    ] {
        let Err(kube::Error::Api(status)) = pods.create(&PostParams::default(), &pod(&more)).await else {
            panic!("{more} was taken")
        };
        assert_eq!((status.code, status.message.as_str()), (403, expected));
    }
}

async fn names_of_path_and_object_must_be_the_same(stage: Stage) {
    let client = stage.client().await;
    let map: DynamicObject = serde_json::from_value(object("v1", "ConfigMap", &json!({}))).unwrap();
    let maps = api_of(&client, &map).await;
    let elsewhere: DynamicObject =
        serde_json::from_value(object("v1", "ConfigMap", &json!({"metadata": {"name": "b", "namespace": "other"}})))
            .unwrap();
    for (name, object, expected) in [
        ("b", map, "the name of the object (a-configmap) does not match the name on the URL (b)".to_owned()),
        (
            "b",
            elsewhere,
            "the namespace of the provided object does not match the namespace sent on the request".to_owned(),
        ),
    ] {
        let Err(kube::Error::Api(status)) = maps.patch(name, &PatchParams::apply("a"), &Patch::Apply(&object)).await
        else {
            panic!("expected {expected}")
        };
        assert_eq!((status.code, status.reason.as_str()), (400, "BadRequest"));
        assert_eq!(status.message, expected);
    }
}
