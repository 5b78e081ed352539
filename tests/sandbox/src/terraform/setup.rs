//! How the shop's code takes up the shop.

use http::Method;
use serde_json::json;

use crate::account::Account;
use crate::aws::Aws;
use crate::error::{Context, Error, Result};
use crate::world::{BLUE, GREEN, gateway::Api};

use super::imports::{self, Import};
use super::program::Program;
use super::project::{LOCKS, Project, STATES};
use super::{CLUSTER, PRODUCTION, Projects, Row, Story, TEMPORARY};

const NETWORK: &str = include_str!("../../terraform/network/main.tf");
const GATEWAY: &str = include_str!("../../terraform/gateway/main.tf");
/// What the story `swap` adds to the project of the API.
const STANDBY: &str = include_str!("../../terraform/gateway/standby.tf");

const LINK: (&str, &str) = ("aws_api_gateway_vpc_link.shop", BLUE);
const STANDBY_LINK: (&str, &str) = ("aws_api_gateway_vpc_link.standby", GREEN);

impl Projects {
    /// Lets the code take up the shop.
    ///
    /// # Errors
    /// Where there is no Terraform with its AWS provider, a call is refused, or a plan would make or delete something of the shop.
    pub async fn of_the_shop(account: &Account, api: &Api, story: Story, say: &dyn Fn(&str)) -> Result<Self> {
        let program = Program::find().context("Terraform with a mirror of its AWS provider on this machine")?;
        let aws = &account.aws;
        backend(aws).await?;
        let setup = Setup { account, program: &program, say };
        let blue = version(aws, BLUE).await?;
        let blues = [("cluster", BLUE), ("kubernetes_version", blue.as_str())];
        let (found, green) = match story {
            Story::Adopt => {
                let network =
                    setup.take_up(["network", PRODUCTION, "adopt"], NETWORK, &[], imports::network(aws).await?);
                let cluster = setup.take_up(
                    ["cluster", PRODUCTION, "adopt"],
                    CLUSTER,
                    &blues,
                    imports::cluster(aws, BLUE).await?,
                );
                let links = imports::gateway(aws, &api.id, &[LINK]).await?;
                let gateway = setup.take_up(["gateway", PRODUCTION, "adopt"], GATEWAY, &blues[..1], links);
                let (network, cluster, gateway) = futures::future::try_join3(network, cluster, gateway).await?;
                // A link is deleted before its load balancer.
                (vec![network, gateway, cluster], String::new())
            }
            Story::Swap => {
                let green = version(aws, GREEN).await?;
                let greens = [("cluster", GREEN), ("kubernetes_version", green.as_str())];
                let network =
                    setup.take_up(["network", PRODUCTION, "none"], NETWORK, &[], imports::network(aws).await?);
                let first =
                    setup.take_up(["cluster", PRODUCTION, "swap"], CLUSTER, &blues, imports::cluster(aws, BLUE).await?);
                let second = setup.take_up(
                    ["cluster", TEMPORARY, "swap"],
                    CLUSTER,
                    &greens,
                    imports::cluster(aws, GREEN).await?,
                );
                let links = imports::gateway(aws, &api.id, &[LINK, STANDBY_LINK]).await?;
                let (code, both) = (format!("{GATEWAY}\n{STANDBY}"), [("cluster", BLUE), ("standby", GREEN)]);
                let gateway = setup.take_up(["gateway", PRODUCTION, "move"], &code, &both, links);
                let (network, gateway, first, second) =
                    futures::future::try_join4(network, gateway, first, second).await?;
                (vec![network, gateway, first, second], green)
            }
        };
        let (projects, rows) = found.into_iter().unzip();
        let (earlier, blue_files) = (Vec::new(), Vec::new());
        Ok(Self { story, all: projects, rows, earlier, replacement: 1, blue: blue_files, versions: [blue, green] })
    }
}

struct Setup<'a> {
    account: &'a Account,
    program: &'a Program,
    say: &'a dyn Fn(&str),
}

impl Setup<'_> {
    /// A project whose state has these imports: its name, its workspace, and the way of its hand-over.
    async fn take_up(
        &self,
        names: [&'static str; 3],
        code: &str,
        variables: &[(&str, &str)],
        imports: Vec<Import>,
    ) -> Result<(Project, Row)> {
        let place = (self.account.run.as_path(), self.account.aws.endpoint());
        let project = Project::create(self.program, place, names, code.to_owned(), variables).await?;
        project.write("imports.tf", &imports::written(&imports))?;
        let planned = project.converge("taking up the shop", |planned| planned.only_takes_up()).await?;
        if planned.changes.import != imports.len() as u64 {
            return Err(Error::new(format!("the project {} imports {:?}", project.name, planned.changes)));
        }
        project.remove("imports.tf")?;
        let before = project.plan().await?;
        (self.say)(&format!(
            "Terraform: {} ({}) manages {} resources, and plans {}",
            project.name,
            project.workspace,
            planned.changes.import + planned.changes.add,
            before.told()
        ));
        let [name, workspace, mode] = names;
        let row = Row { project: name, workspace, mode, replacement: 1, before: before.changes, after: None };
        Ok((project, row))
    }
}

async fn version(aws: &Aws, cluster: &str) -> Result<String> {
    let found = aws.rest("eks", Method::GET, &format!("/clusters/{cluster}"), None).await?;
    found["cluster"]["version"].as_str().map(str::to_owned).context("the cluster's version")
}

/// The bucket of the states, and the table of their locks
/// (<https://developer.hashicorp.com/terraform/language/backend/s3#dynamodb-state-locking>).
async fn backend(aws: &Aws) -> Result<()> {
    aws.create_bucket(STATES).await?;
    let table = json!({
        "TableName": LOCKS, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "LockID", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "LockID", "KeyType": "HASH" }],
    });
    aws.json("dynamodb", "DynamoDB_20120810.CreateTable", &table).await.map(drop)
}
