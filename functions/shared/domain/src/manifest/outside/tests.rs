use super::*;
use serde_json::json;

fn object(api_version: &str, kind: &str, name: &str, spec: &Value) -> Object {
    let value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": name }, "spec": spec });
    Object::new(1, 1, value).unwrap()
}

fn class(name: &str, controller: &str) -> Object {
    object("networking.k8s.io/v1", "IngressClass", name, &json!({ "controller": controller }))
}

fn ingress(spec: &Value) -> Object {
    object("networking.k8s.io/v1", "Ingress", "i", spec)
}

#[test]
fn an_ingress_makes_what_the_controller_of_its_class_makes() {
    let mut default = class("inner", "ingress.k8s.aws/alb");
    default.value["metadata"]["annotations"] = json!({ "ingressclass.kubernetes.io/is-default-class": "true" });
    for (classes, ingress_class, made) in [
        (vec![class("inner", "ingress.k8s.aws/alb")], json!({ "ingressClassName": "inner" }), true),
        (vec![class("inner", "eks.amazonaws.com/alb")], json!({ "ingressClassName": "inner" }), true),
        (vec![class("out", "k8s.ngrok.com/ingress-controller")], json!({ "ingressClassName": "out" }), true),
        (vec![class("alb", "traefik.io/ingress-controller")], json!({ "ingressClassName": "alb" }), false),
        (vec![], json!({ "ingressClassName": "alb" }), true),
        (vec![], json!({}), false),
        (vec![default.clone()], json!({}), true),
        (vec![default], json!({ "ingressClassName": "nginx" }), false),
    ] {
        let found = made_for(&ingress(&ingress_class), &Controllers::of(classes.iter()));
        assert_eq!(found.is_some(), made, "{ingress_class} {classes:?}");
    }
}

#[test]
fn a_gateway_makes_what_the_controller_of_its_class_makes() {
    let class = |controller: &str| {
        object("gateway.networking.k8s.io/v1", "GatewayClass", "c", &json!({ "controllerName": controller }))
    };
    let gateway = object("gateway.networking.k8s.io/v1", "Gateway", "g", &json!({ "gatewayClassName": "c" }));
    for (controller, made) in [
        ("gateway.k8s.aws/nlb", true),
        ("application-networking.k8s.aws/gateway-api-controller", true),
        ("istio.io/gateway-controller", true),
        ("traefik.io/gateway-controller", false),
    ] {
        assert_eq!(made_for(&gateway, &Controllers::of([class(controller)].iter())).is_some(), made, "{controller}");
    }
    let mut inner = gateway;
    inner.value["metadata"]["annotations"] = json!({ "networking.istio.io/service-type": "ClusterIP" });
    assert_eq!(made_for(&inner, &Controllers::of([class("istio.io/gateway-controller")].iter())), None);
}

#[test]
fn a_gateway_whose_parameters_ask_for_an_inner_service_makes_no_load_balancer() {
    let reference =
        json!({ "group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": "p", "namespace": "infra" });
    let proxy = |service: &str| {
        let spec = json!({ "provider": { "kubernetes": { "envoyService": { "type": service } } } });
        let mut proxy = object("gateway.envoyproxy.io/v1alpha1", "EnvoyProxy", "p", &spec).value;
        proxy["metadata"]["namespace"] = json!("infra");
        Object::new(1, 1, proxy).unwrap()
    };
    let class = |parameters: Value| {
        let spec =
            json!({ "controllerName": "gateway.envoyproxy.io/gatewayclass-controller", "parametersRef": parameters });
        object("gateway.networking.k8s.io/v1", "GatewayClass", "c", &spec)
    };
    let gateway = |parameters: Value| {
        let spec = json!({ "gatewayClassName": "c", "infrastructure": { "parametersRef": parameters } });
        object("gateway.networking.k8s.io/v1", "Gateway", "g", &spec)
    };
    for (service, of_class, of_gateway, expected) in [
        ("ClusterIP", reference.clone(), Value::Null, false),
        ("NodePort", Value::Null, reference.clone(), false),
        ("LoadBalancer", reference.clone(), Value::Null, true),
        ("ClusterIP", Value::Null, Value::Null, true),
    ] {
        let controllers = Controllers::of([class(of_class), proxy(service)].iter());
        assert_eq!(made_for(&gateway(of_gateway), &controllers).is_some(), expected, "{service}");
    }
}

#[test]
fn kinds_that_the_bundles_compose_of_others_are_told() {
    let definition = object(
        "apiextensions.crossplane.io/v1",
        "CompositeResourceDefinition",
        "xdatabases.example.com",
        &json!({ "group": "example.com", "names": { "kind": "XDatabase" }, "claimNames": { "kind": "Database" } }),
    );
    let graph = object("kro.run/v1alpha1", "ResourceGraphDefinition", "shop", &json!({ "schema": { "kind": "Shop" } }));
    let controllers = Controllers::of([definition, graph].iter());
    for (api_version, kind, expected) in [
        ("example.com/v1", "XDatabase", true),
        ("example.com/v1", "Database", true),
        ("example.com/v1", "Other", false),
        ("kro.run/v1alpha1", "Shop", true),
    ] {
        let found = made_for(&object(api_version, kind, "x", &json!({})), &controllers);
        assert_eq!(found.map(|made| made.may_run), expected.then_some(true), "{kind}");
    }
}

#[test]
fn an_issuer_writes_dns_records_where_it_proves_names_by_dns() {
    let issuer =
        |solver: Value| object("cert-manager.io/v1", "ClusterIssuer", "i", &json!({ "acme": { "solvers": [solver] } }));
    let controllers = Controllers::default();
    assert!(made_for(&issuer(json!({ "dns01": { "route53": {} } })), &controllers).is_some_and(|made| made.may_run));
    assert_eq!(made_for(&issuer(json!({ "http01": { "ingress": {} } })), &controllers), None);
}

#[test]
fn custom_resources_make_load_balancers_records_and_volumes() {
    let claim = json!({ "spec": { "resources": { "requests": { "storage": "1Gi" } } } });
    for (api_version, kind, spec, made) in [
        ("aga.k8s.aws/v1beta1", "GlobalAccelerator", json!({}), true),
        ("eks.amazonaws.com/v1", "TargetGroupBinding", json!({}), true),
        ("application-networking.k8s.aws/v1alpha1", "ServiceExport", json!({}), true),
        ("application-networking.k8s.aws/v1alpha1", "TargetGroupPolicy", json!({}), false),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshot", json!({}), true),
        ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", json!({}), false),
        ("externaldns.k8s.io/v1alpha1", "DNSEndpoint", json!({}), true),
        ("monitoring.coreos.com/v1", "Prometheus", json!({ "storage": { "volumeClaimTemplate": claim } }), true),
        ("monitoring.coreos.com/v1", "Prometheus", json!({ "replicas": 2 }), false),
        ("monitoring.coreos.com/v1", "Prometheus", json!({ "storage": { "emptyDir": {} } }), false),
        (
            "elasticsearch.k8s.elastic.co/v1",
            "Elasticsearch",
            json!({ "nodeSets": [{ "volumeClaimTemplates": [claim] }] }),
            true,
        ),
        ("kafka.strimzi.io/v1", "KafkaNodePool", json!({ "storage": { "type": "persistent-claim" } }), true),
        ("operator.victoriametrics.com/v1beta1", "VMSingle", json!({ "storage": claim["spec"] }), true),
        (
            "monitoring.coreos.com/v1",
            "ThanosRuler",
            json!({ "storage": { "ephemeral": { "volumeClaimTemplate": claim } } }),
            true,
        ),
        ("opentelemetry.io/v1beta1", "OpenTelemetryCollector", json!({ "volumeClaimTemplates": [{}] }), true),
        (
            "postgres-operator.crunchydata.com/v1",
            "PostgresCluster",
            json!({ "instances": [{ "dataVolumeClaimSpec": { "accessModes": [] } }] }),
            true,
        ),
        (
            "pxc.percona.com/v1",
            "PerconaXtraDBCluster",
            json!({ "pxc": { "volumeSpec": { "persistentVolumeClaim": { "claimName": "old" } } } }),
            false,
        ),
        ("valkey.io/v1", "ValkeyCluster", json!({ "persistence": { "storageClassName": "gp3" } }), true),
        ("pxc.percona.com/v1", "PerconaXtraDBClusterBackup", json!({ "s3": { "storageClass": "STANDARD_IA" } }), false),
        (
            "monitoring.coreos.com/v1",
            "Alertmanager",
            json!({ "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain" } }),
            false,
        ),
        (
            "argoproj.io/v1alpha1",
            "CronWorkflow",
            json!({ "workflowSpec": { "volumeClaimGC": { "strategy": "OnWorkflowCompletion" } } }),
            false,
        ),
        ("postgresql.cnpg.io/v1", "Cluster", json!({}), true),
        ("kafka.strimzi.io/v1", "Kafka", json!({ "kafka": { "listeners": [{ "type": "loadbalancer" }] } }), true),
        ("kafka.strimzi.io/v1", "Kafka", json!({ "kafka": { "listeners": [{ "type": "internal" }] } }), false),
        ("operator.example.com/v1", "Server", json!({ "serviceType": "LoadBalancer" }), true),
        (
            "kyverno.io/v1",
            "ClusterPolicy",
            json!({ "rules": [{ "validate": { "pattern": { "spec": { "type": "LoadBalancer" } } } }] }),
            false,
        ),
        ("externaldns.nginx.org/v1", "DNSEndpoint", json!({}), true),
        ("kuadrant.io/v1", "DNSPolicy", json!({}), true),
        ("multicluster.x-k8s.io/v1alpha1", "ServiceExport", json!({}), true),
        ("networking.cfargotunnel.com/v1alpha2", "ClusterTunnel", json!({}), true),
        ("stackgres.io/v1", "SGCluster", json!({ "pods": { "persistentVolume": { "size": "5Gi" } } }), true),
        (
            "asdb.aerospike.com/v1",
            "AerospikeCluster",
            json!({ "storage": { "volumes": [{ "source": { "persistentVolume": { "storageClass": "ssd" } } }] } }),
            true,
        ),
        (
            "hazelcast.com/v1alpha1",
            "Hazelcast",
            json!({ "persistence": { "pvc": { "accessModes": ["ReadWriteOnce"], "requestStorage": "8Gi" } } }),
            true,
        ),
        (
            "kafka.banzaicloud.io/v1beta1",
            "KafkaCluster",
            json!({ "storageConfigs": [{ "pvcSpec": claim["spec"] }] }),
            true,
        ),
        ("infinispan.org/v1", "Infinispan", json!({ "replicas": 2 }), true),
        ("karpenter.sh/v1", "NodePool", json!({}), false),
        ("karpenter.sh/v1", "NodeClaim", json!({}), true),
        ("traefik.io/v1alpha1", "IngressRoute", json!({ "routes": [] }), false),
    ] {
        let object = object(api_version, kind, "x", &spec);
        let found = (made_for(&object, &Controllers::default()), volumes_for(&object));
        assert_eq!(found.0.is_some() || found.1.is_some(), made, "{api_version} {kind} {spec}: {found:?}");
    }
}
