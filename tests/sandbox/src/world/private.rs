//! What a private API has around it: a VPC endpoint for `execute-api`, and a resource policy that lets in what comes through that one alone.
//! Nobody reaches it under a custom domain, which only private ones of their own kind would be
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-custom-domains.html>).

use serde_json::{Value, json};

use crate::aws::{Aws, REGION};
use crate::error::Result;
use crate::world::network::{Network, create, group, trust};

/// The way to a private API.
#[derive(Clone, Debug)]
pub struct Entrance {
    /// The VPC endpoint.
    pub endpoint: String,
    /// The security group of Bascule's functions, which the endpoint lets in.
    pub functions: String,
}

/// Makes the endpoint in the shop's network, and the functions' group.
///
/// # Errors
/// The first refusal of EC2.
pub async fn build(aws: &Aws, network: &Network) -> Result<Entrance> {
    let functions = group(aws, &network.vpc, "bascule-functions", "Functions of Bascule").await?;
    let own = group(aws, &network.vpc, "shop-endpoints", "VPC endpoints of the shop").await?;
    trust(aws, &own, &functions, "tcp", Some(("443", "443"))).await?;
    let service = format!("com.amazonaws.{REGION}.execute-api");
    let mut parameters = vec![
        ("VpcId", network.vpc.as_str()),
        ("ServiceName", &service),
        ("VpcEndpointType", "Interface"),
        ("PrivateDnsEnabled", "false"),
        ("SecurityGroupId.1", &own),
    ];
    let names: Vec<String> = (1..=network.subnets.len()).map(|number| format!("SubnetId.{number}")).collect();
    parameters.extend(names.iter().map(String::as_str).zip(network.subnets.iter().map(String::as_str)));
    let endpoint =
        create(aws, "CreateVpcEndpoint", "vpcEndpointId", &parameters, "vpc-endpoint", "shop-execute-api").await?;
    Ok(Entrance { endpoint, functions })
}

/// A document of an API as that of a private one behind the endpoint: the extensions
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-endpoint-configuration.html> and
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html>.
pub fn behind(document: &mut Value, endpoint: &str) {
    document["servers"] =
        json!([{ "url": "/", "x-amazon-apigateway-endpoint-configuration": { "vpcEndpointIds": [endpoint] } }]);
    let statement = |effect: &str| json!({ "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*" });
    let (everybody, mut others) = (statement("Allow"), statement("Deny"));
    others["Condition"] = json!({ "StringNotEquals": { "aws:SourceVpce": endpoint } });
    document["x-amazon-apigateway-policy"] = json!({ "Version": "2012-10-17", "Statement": [everybody, others] });
}

/// The host name of an API, through the endpoint where it is private.
#[must_use]
pub fn host(api: &str, endpoint: Option<&str>) -> String {
    let way = endpoint.map(|endpoint| format!("-{endpoint}")).unwrap_or_default();
    format!("{api}{way}.execute-api.{REGION}.amazonaws.com")
}
