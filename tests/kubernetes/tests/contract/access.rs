use k8s_openapi::api::{
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::{ConfigMap, Secret},
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};

use crate::support::stage;

#[tokio::test]
async fn an_unknown_token_is_unauthorized_but_health_is_for_the_anonymous_too() {
    let stage = stage().await;
    let stranger = stage.client_with("stranger").await;
    let maps: Api<ConfigMap> = Api::default_namespaced(stranger.clone());
    let kube::Error::Api(status) = maps.list(&ListParams::default()).await.unwrap_err() else { panic!() };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
    let kube::Error::Api(status) = stranger.apiserver_version().await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 401, "a wrong token is refused even where none is needed");
    let anonymous = stage.anonymous().await;
    let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
    assert_eq!(anonymous.request_text(request).await.unwrap(), "ok");
    assert_eq!(anonymous.apiserver_version().await.unwrap().minor, "33");
    let kube::Error::Api(status) = anonymous.list_core_api_versions().await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 401);
}

#[tokio::test]
async fn the_view_group_reads_but_neither_writes_nor_sees_secrets() {
    let stage = stage().await;
    let reader = stage.client_with("reader").await;
    let maps: Api<ConfigMap> = Api::default_namespaced(reader.clone());
    maps.list(&ListParams::default()).await.unwrap();
    let kube::Error::Api(status) = maps.create(&PostParams::default(), &ConfigMap::default()).await.unwrap_err() else {
        panic!()
    };
    assert_eq!((status.code, status.reason.as_str()), (403, "Forbidden"));
    assert_eq!(
        status.message,
        "configmaps is forbidden: User \"reader\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    let secrets: Api<Secret> = Api::default_namespaced(reader);
    let kube::Error::Api(status) = secrets.list(&ListParams::default()).await.unwrap_err() else { panic!() };
    assert_eq!(status.code, 403);
}

#[tokio::test]
async fn everybody_may_ask_what_they_may_do() {
    let stage = stage().await;
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
