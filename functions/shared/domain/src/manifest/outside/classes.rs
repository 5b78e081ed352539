//! Who serves the classes that the bundles bring, and which kinds the bundles define out of others.

use super::{Object, has_inner_service, table::CUSTOMARY, text};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Which controller serves each class that the bundles bring.
#[derive(Debug, Clone, Default)]
pub struct Controllers {
    ingress: BTreeMap<String, String>,
    default_ingress: Option<String>,
    gateway: BTreeMap<String, (String, Parameters)>,
    /// Kinds that are made of others, and what defines each.
    composed: BTreeMap<(String, String), String>,
    /// Parameters of classes that make the Service of a Gateway an inner one.
    inner: BTreeSet<Parameters>,
}

/// What parameters a class or a Gateway refers to: kind, namespace, name.
type Parameters = (String, String, String);

impl Controllers {
    /// Those of the classes among these objects.
    pub fn of<'a>(objects: impl Iterator<Item = &'a Object>) -> Self {
        let mut found = Self::default();
        let none = Map::new();
        for object in objects {
            let Object { id, value, .. } = object;
            let spec = value["spec"].as_object().unwrap_or(&none);
            match (id.group(), id.kind.as_str()) {
                ("networking.k8s.io", "IngressClass") => {
                    let controller = text(spec, "controller");
                    // https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
                    let default = &value["metadata"]["annotations"]["ingressclass.kubernetes.io/is-default-class"];
                    if default == "true" {
                        found.default_ingress = Some(controller.clone());
                    }
                    found.ingress.insert(id.name.clone(), controller);
                }
                ("gateway.networking.k8s.io", "GatewayClass") => {
                    let parameters = parameters(&value["spec"]["parametersRef"], "");
                    found.gateway.insert(id.name.clone(), (text(spec, "controllerName"), parameters));
                }
                // https://docs.crossplane.io/latest/composition/composite-resource-definitions/
                ("apiextensions.crossplane.io", "CompositeResourceDefinition") => {
                    for names in ["names", "claimNames"] {
                        if let Some(kind) = value["spec"][names]["kind"].as_str() {
                            found.composed.insert((text(spec, "group"), kind.to_owned()), id.to_string());
                        }
                    }
                }
                // https://kro.run/docs/concepts/rgd/overview: the group is kro.run where the schema names none
                ("kro.run", "ResourceGraphDefinition") => {
                    let schema = &value["spec"]["schema"];
                    let group = schema["group"].as_str().unwrap_or("kro.run").to_owned();
                    if let Some(kind) = schema["kind"].as_str() {
                        found.composed.insert((group, kind.to_owned()), id.to_string());
                    }
                }
                // https://gateway.envoyproxy.io/docs/tasks/operations/customize-envoyproxy/ (EnvoyProxy),
                // https://docs.nginx.com/nginx-gateway-fabric/ (NginxProxy), https://kgateway.dev/docs/ (GatewayParameters)
                _ if has_inner_service(&value["spec"]) => {
                    let namespace = id.namespace.clone().unwrap_or_default();
                    found.inner.insert((id.kind.clone(), namespace, id.name.clone()));
                }
                _ => {}
            }
        }
        found
    }

    pub(super) fn of_ingress(&self, ingress: &Value) -> Option<&str> {
        let class = ingress["spec"]["ingressClassName"]
            .as_str()
            .or_else(|| ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].as_str());
        let Some(class) = class else { return self.default_ingress.as_deref() };
        self.ingress.get(class).map(String::as_str).or_else(|| customary(class))
    }

    pub(super) fn of_gateway(&self, gateway: &Object) -> Option<&str> {
        let class = gateway.value["spec"]["gatewayClassName"].as_str()?;
        self.gateway.get(class).map(|(controller, _)| controller.as_str()).or_else(|| customary(class))
    }

    /// Whether the parameters of the Gateway or of its class make its Service an inner one.
    pub(super) fn has_inner_service(&self, gateway: &Object) -> bool {
        let spec = &gateway.value["spec"];
        let own = parameters(&spec["infrastructure"]["parametersRef"], gateway.id.namespace_or_default());
        let class = spec["gatewayClassName"].as_str().and_then(|class| self.gateway.get(class));
        self.inner.contains(&own) || class.is_some_and(|(_, parameters)| self.inner.contains(parameters))
    }

    /// What defines this kind out of others.
    pub(super) fn composed(&self, group: &str, kind: &str) -> Option<&str> {
        self.composed.get(&(group.to_owned(), kind.to_owned())).map(String::as_str)
    }
}

fn customary(class: &str) -> Option<&'static str> {
    CUSTOMARY.iter().find(|(name, _)| *name == class).map(|(_, controller)| *controller)
}

fn parameters(reference: &Value, namespace: &str) -> Parameters {
    let text = |name: &str| reference[name].as_str().unwrap_or_default().to_owned();
    let namespace = reference["namespace"].as_str().unwrap_or(namespace).to_owned();
    (text("kind"), namespace, text("name"))
}
