//! The code of the shop's cluster in the world `irsa` describes blue: Terraform's AWS provider reads it and finds nothing to change.

use sandbox::account::Account;
use sandbox::project::Project;
use sandbox::python::Python;
use sandbox::shop;
use sandbox::terraform::green;
use sandbox::world::{BLUE, front::Front};

#[tokio::test(flavor = "multi_thread")]
async fn terraforms_aws_provider_reads_blue_as_the_code_describes_it() {
    let say = |line: &str| eprintln!("{line}");
    let project = Project::locate().await.unwrap();
    let python = Python::prepare(&project, &say).await.unwrap();
    let account = Account::start(&project, &python, None).await.unwrap();
    let read = async {
        shop::build(&account, Front::Irsa, &[], &say).await?;
        green::differences(&account, Front::Irsa, BLUE, &say).await
    };
    let wrong = Box::pin(read).await;
    account.stop().await;
    assert_eq!(wrong.unwrap(), Vec::<String>::new());
}
