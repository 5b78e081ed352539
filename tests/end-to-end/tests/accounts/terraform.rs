//! Terraform's AWS provider reads the shop: every resource of a real user's three projects can be imported, and then nothing is to
//! be changed. A provider that fails or sees a difference has found where a simulator answers as AWS does not.

mod imports;
mod program;

use libtest_mimic::{Failed, Trial};
use sandbox::account::Account;
use sandbox::project::Project;
use sandbox::python::Python;
use sandbox::shop;
use sandbox::terraform::program::Program;
use std::time::Instant;

/// Ignored, which the run's last line counts, where there is no Terraform with its AWS provider on this machine.
pub(crate) fn trial() -> Trial {
    let program = Program::find();
    let name = "terraforms_aws_provider_imports_the_shop_and_finds_nothing_to_change";
    let missing = program.is_none();
    if missing {
        eprintln!("left out: {name}: no terraform with a mirror of terraform-provider-aws");
    }
    Trial::test(name, move || {
        let program = program.ok_or_else(|| Failed::from("no Terraform with its AWS provider"))?;
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(read(&program));
        Ok(())
    })
    .with_ignored_flag(missing)
}

async fn read(program: &Program) {
    let begin = Instant::now();
    let say = |line: &str| eprintln!("{:5.1} s terraform: {line}", begin.elapsed().as_secs_f64());
    let project = Project::locate().await.unwrap();
    let python = Python::prepare(&project, &say).await.unwrap();
    let account = Account::start(&project, &python, None).await.unwrap();
    let shop = shop::build(&account, sandbox::world::front::Front::Plain, &[], &say).await.unwrap();

    let imports = imports::all(&account.aws, &shop.api.id).await;
    let folder = account.run.join("terraform");
    let changes = program::plan(program, &folder, account.aws.endpoint(), &imports).await;
    say(&format!("{} resources imported", changes.imported));
    assert_eq!(changes.differences, Vec::<String>::new());
    assert_eq!(changes.imported, imports.len());
    account.stop().await;
}
