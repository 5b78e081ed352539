//! Authentication at a cluster's Kubernetes API by token.
//!
//! <https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html>

use std::sync::Arc;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::account::Account;

/// A token with a presigned `GetCallerIdentity` of that access key.
fn token(access_key: &str) -> String {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let url = format!(
        "https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential={access_key}%2F20261122%2Feu-central-1%2Fsts%2Faws4_request&X-Amz-Date={now}&X-Amz-Expires=60\
         &X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=00"
    );
    format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))
}

/// The HTTP status of listing namespaces with that token, over TLS with the cluster's CA.
async fn status(account: &Account, token: &str) -> u16 {
    let cluster = account.eks.describe_cluster().name("blue").send().await.unwrap().cluster.unwrap();
    let pem = STANDARD.decode(cluster.certificate_authority.unwrap().data.unwrap()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let request = Request::get(format!("{}/api/v1/namespaces", cluster.endpoint.unwrap()));
    let request = request.header("authorization", format!("Bearer {token}")).body(Empty::new()).unwrap();
    client.request(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_creators_token_opens_the_cluster_and_a_strangers_does_not() {
    let account = Account::with_cluster("blue").await;
    assert_eq!(status(&account, &token("AKIAROLE")).await, 200);
    assert_eq!(status(&account, &token("AKIASTRANGER")).await, 401);
    assert_eq!(status(&account, "k8s-aws-v1.aGVsbG8").await, 401);
    {
        let calls = account.emulator.calls.lock().unwrap();
        let replayed = calls.iter().rfind(|call| call.contains_key("header:x-k8s-aws-id")).unwrap();
        assert_eq!(replayed["header:x-k8s-aws-id"], "blue");
        assert_eq!(replayed["header:host"], "sts.eu-central-1.amazonaws.com");
    }
    account.compute.stop().await;
}

#[tokio::test]
async fn an_access_entry_lets_a_principal_in_and_without_a_policy_it_may_do_nothing() {
    let account = Account::with_cluster("blue").await;
    let stranger = "arn:aws:iam::000000000000:role/stranger";
    account.eks.create_access_entry().cluster_name("blue").principal_arn(stranger).send().await.unwrap();
    assert_eq!(status(&account, &token("AKIASTRANGER")).await, 403);
    account.compute.stop().await;
}
