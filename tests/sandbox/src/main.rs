//! scratch
use bytes::Bytes;
use sandbox::*;
#[tokio::main]
async fn main() -> error::Result<()> {
    let say = |line: &str| println!("{line}");
    let project = project::Project::locate().await?;
    println!("{project:?}");
    let python = python::Python::prepare(&project, &say).await?;
    println!("traefik {:?}", python.traefik()?);
    let run = project.sandbox().join("scratch");
    std::fs::create_dir_all(&run).unwrap();
    let port = emulator::free_port()?;
    let endpoint = format!("http://127.0.0.1:{port}");
    let settings = emulator::Settings {
        port,
        endpoint: endpoint.clone(),
        execute_api: endpoint.clone(),
        wait_scale: 0.05,
    };
    let t = std::time::Instant::now();
    let emulator =
        emulator::Emulator::start(&python, &settings, &run, &run.join("ministack.log")).await?;
    println!("ministack {:?}", t.elapsed());
    let aws = aws::Aws::administrator(endpoint)?;
    let zip = Bytes::from_static(b"x");
    let packages: Vec<_> = project
        .functions
        .iter()
        .map(|name| lambdas::Package {
            name: name.clone(),
            binary: "/bin/true".into(),
            zip: zip.clone(),
        })
        .collect();
    let stack = stack::deploy(
        &aws,
        &project,
        &packages,
        &[
            ("Architecture", "x86_64"),
            ("LedgerDeletionProtection", "false"),
        ],
    )
    .await?;
    println!("{stack:#?} {:?}", t.elapsed());
    tokio::time::sleep(std::time::Duration::from_secs(
        std::env::var("HOLD").map_or(0, |s| s.parse().unwrap()),
    ))
    .await;
    emulator.stop().await;
    Ok(())
}
