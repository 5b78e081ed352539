//! Between the SDK's types and the domain's.

use aws_sdk_apigateway::types::{self, Op, PatchOperation};
use domain::Tags;
use domain::plan::edge::{Api, Canary, Connection, Integration, Protocol, Quota, Stage, Throttle, UsagePlan, VpcLink};
use domain::ports::gateway::{Method, Patch};
use std::collections::{BTreeMap, HashMap};

pub(super) fn sorted(map: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    map.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

pub(super) fn unsorted(tags: &Tags) -> Option<HashMap<String, String>> {
    (!tags.is_empty()).then(|| tags.clone().into_iter().collect())
}

pub(super) fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

pub(super) fn api(api: &types::RestApi) -> Api {
    let configuration = api.endpoint_configuration();
    let endpoint = configuration.and_then(|configuration| configuration.types().first());
    Api {
        id: text(api.id()),
        name: text(api.name()),
        protocol: Protocol::Rest,
        // The API reference's default for an API without an endpoint configuration.
        endpoint_type: endpoint.map_or("EDGE", types::EndpointType::as_str).to_owned(),
        vpc_endpoint_ids: configuration.map(|found| found.vpc_endpoint_ids().to_vec()).unwrap_or_default(),
        is_strict: api.endpoint_access_mode() == Some(&types::EndpointAccessMode::Strict),
        binary_media_types: api.binary_media_types().to_vec(),
        policy: api.policy().map(ToOwned::to_owned),
        api_key_source: api.api_key_source().map_or("HEADER", types::ApiKeySourceType::as_str).to_owned(),
        minimum_compression_size: api.minimum_compression_size(),
        execute_api_disabled: api.disable_execute_api_endpoint(),
        tags: sorted(api.tags()),
    }
}

pub(super) fn methods(resource: &types::Resource) -> Vec<Method> {
    let methods = resource.resource_methods().into_iter().flatten();
    methods
        .map(|(name, method)| Method {
            resource_id: text(resource.id()),
            path: text(resource.path()),
            method: name.clone(),
            api_key_required: method.api_key_required().unwrap_or_default(),
            authorization: text(method.authorization_type()),
            integration: method.method_integration().map(integration),
        })
        .collect()
}

fn integration(integration: &types::Integration) -> Integration {
    Integration {
        kind: integration.r#type().map_or("", types::IntegrationType::as_str).to_owned(),
        http_method: text(integration.http_method()),
        uri: text(integration.uri()),
        connection: Connection::of(
            integration.connection_type().map_or("INTERNET", types::ConnectionType::as_str),
            integration.connection_id().unwrap_or_default(),
            integration.integration_target().unwrap_or_default(),
        ),
        timeout_millis: integration.timeout_in_millis().try_into().unwrap_or_default(),
        insecure_skip_verification: integration.tls_config().is_some_and(types::TlsConfig::insecure_skip_verification),
        request_parameters: sorted(integration.request_parameters()),
    }
}

pub(super) fn stage(stage: &types::Stage) -> Stage {
    let canary = stage.canary_settings();
    Stage {
        name: text(stage.stage_name()),
        deployment_id: text(stage.deployment_id()),
        auto_deploy: false,
        canary: canary.map(|canary| Canary {
            deployment_id: text(canary.deployment_id()),
            percent: canary.percent_traffic(),
            variables: sorted(canary.stage_variable_overrides()),
        }),
        variables: sorted(stage.variables()),
        cache_size: stage
            .cache_cluster_enabled()
            .then(|| stage.cache_cluster_size().map_or("", types::CacheClusterSize::as_str).to_owned()),
        client_certificate_id: stage.client_certificate_id().map(ToOwned::to_owned),
        web_acl_arn: stage.web_acl_arn().map(ToOwned::to_owned),
        tracing: stage.tracing_enabled(),
        tags: sorted(stage.tags()),
    }
}

pub(super) fn link(link: &types::VpcLink) -> VpcLink {
    VpcLink {
        id: text(link.id()),
        name: text(link.name()),
        target_arns: link.target_arns().to_vec(),
        status: link.status().map_or("", types::VpcLinkStatus::as_str).to_owned(),
        status_message: text(link.status_message()),
        tags: sorted(link.tags()),
    }
}

pub(super) fn plan(plan: &types::UsagePlan) -> UsagePlan {
    let stages = plan.api_stages().iter();
    UsagePlan {
        id: text(plan.id()),
        name: text(plan.name()),
        stages: stages.map(|stage| (text(stage.api_id()), text(stage.stage()))).collect(),
        throttle: plan
            .throttle()
            .map(|throttle| Throttle { rate: throttle.rate_limit(), burst: throttle.burst_limit() }),
        quota: plan.quota().map(|quota| Quota {
            limit: quota.limit(),
            offset: quota.offset(),
            period: quota.period().map_or("", types::QuotaPeriodType::as_str).to_owned(),
        }),
        key_ids: Vec::new(),
        tags: sorted(plan.tags()),
    }
}

pub(super) fn patches(patches: &[Patch]) -> Vec<PatchOperation> {
    patches
        .iter()
        .map(|patch| {
            let (op, path, value) = match patch {
                Patch::Replace(path, value) => (Op::Replace, path, Some(value)),
                Patch::Add(path, value) => (Op::Add, path, Some(value)),
                Patch::Remove(path) => (Op::Remove, path, None),
                Patch::RemoveValue(path, value) => (Op::Remove, path, Some(value)),
            };
            PatchOperation::builder().op(op).path(path).set_value(value.cloned()).build()
        })
        .collect()
}
