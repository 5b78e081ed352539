use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::{ConfigMap, Secret},
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};

use crate::{support::Stage, trials::Tests};

/// The tests of this file.
pub(crate) fn enter(tests: &mut Tests) {
    tests.both(an_unknown_token_is_unauthorized_but_health_is_for_the_anonymous_too);
    tests.both(the_view_group_reads_but_neither_writes_nor_sees_secrets);
    tests.both(everybody_may_ask_what_they_may_do);
}

async fn an_unknown_token_is_unauthorized_but_health_is_for_the_anonymous_too(stage: Stage) {
    let stranger = stage.client_with("stranger").await;
    let maps: Api<ConfigMap> = Api::default_namespaced(stranger.clone());
    let kube::Error::Api(status) = maps.list(&ListParams::default()).await.unwrap_err() else { panic!() };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
    let kube::Error::Api(status) = stranger.apiserver_version().await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 401, "a wrong token is refused even where none is needed");
    let anonymous = stage.anonymous().await;
    let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
    assert_eq!(anonymous.request_text(request).await.unwrap(), "ok");
    let kube::Error::Api(status) = anonymous.apiserver_version().await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 401, "EKS answers the anonymous about its health alone");
    let kube::Error::Api(status) = anonymous.list_core_api_versions().await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 401);
    assert_eq!(stage.client().await.apiserver_version().await.unwrap().minor, stage.minor);
}

async fn the_view_group_reads_but_neither_writes_nor_sees_secrets(stage: Stage) {
    let reader = stage.client_with("reader").await;
    let maps: Api<ConfigMap> = Api::default_namespaced(reader.clone());
    maps.list(&ListParams::default()).await.unwrap();
    let kube::Error::Api(status) = maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap_err() else {
        panic!()
    };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        status.message,
        format!(
            "configmaps is forbidden: User \"reader\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"{}\"",
            stage.namespace
        )
    );
    let secrets: Api<Secret> = Api::default_namespaced(reader);
    let kube::Error::Api(status) = secrets.list(&ListParams::default()).await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 403);
}

async fn everybody_may_ask_what_they_may_do(stage: Stage) {
    for (token, allowed) in [("administrator", true), ("reader", false)] {
        let reviews: Api<SelfSubjectAccessReview> = Api::all(stage.client_with(token).await);
        let attributes = ResourceAttributes {
            verb: Some("create".to_owned()),
            group: Some("apps".to_owned()),
            resource: Some("deployments".to_owned()),
            ..ResourceAttributes::default()
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(attributes),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let answer = reviews.create(&PostParams::default(), &review).await.unwrap();
        assert_eq!(answer.status.unwrap().allowed, allowed, "{token}");
    }
}
