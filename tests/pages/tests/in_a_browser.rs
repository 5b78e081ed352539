//! People read and answer the pages in headless Chromium: with the keyboard alone, with a phone of 360 pixels, in both colour schemes;
//! with no message on the console, no request to another host, and nothing that axe-core calls serious.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use domain::moved_cleanup::MovedCleanup;
use libtest_mimic::{Arguments, Failed, Trial};
use pages::{Server, Shop};
use serde_json::{Value, json};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::Arc,
};

const NAME: &str = "people_read_and_answer_the_pages_in_a_browser";

/// The names that Chromium and Chrome have on Linux and macOS.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tools = if arguments.list { Err("not looked for".to_owned()) } else { Tools::find() };
    if let (Err(missing), false) = (&tools, arguments.list) {
        eprintln!("left out: {NAME}: {missing}");
    }
    // Ignored, which the run's last line counts, where there is no browser on this machine.
    let missing = tools.is_err() && !arguments.list;
    let trial = Trial::test(NAME, move || {
        let tools = tools.map_err(Failed::from)?;
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(answer(&tools));
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![trial.with_ignored_flag(missing)]).exit_code()
}

/// What it takes.
struct Tools {
    chromium: PathBuf,
    /// The script, with its packages beside it.
    script: PathBuf,
}

impl Tools {
    /// Finds a browser and installs the script's packages below cargo's target directory.
    fn find() -> Result<Self, String> {
        let chromium = on_path(&BROWSERS).ok_or("no Chromium")?;
        on_path(&["node"]).ok_or("no Node.js")?;
        let npm = on_path(&["npm"]).ok_or("no npm")?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let lock = fs::read(source.join("package-lock.json")).map_err(|error| error.to_string())?;
        let installed = fs::read(folder.join("installed")).is_ok_and(|installed| installed == lock);
        for file in ["package.json", "package-lock.json", ".npmrc", "pages.mjs"] {
            fs::copy(source.join(file), folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
        }
        if !installed {
            let done = Command::new(npm).args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).output();
            let done = done.map_err(|error| format!("npm: {error}"))?;
            if !done.status.success() {
                return Err(format!("npm ci: {}", String::from_utf8_lossy(&done.stderr)));
            }
            fs::write(folder.join("installed"), lock).map_err(|error| error.to_string())?;
        }
        Ok(Self { chromium, script: folder.join("pages.mjs") })
    }
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

async fn answer(tools: &Tools) {
    let (reject, approve) = (Shop::ask().await.unwrap(), Shop::ask().await.unwrap());
    let keep = Shop::keep().await.unwrap();
    let pictures = tools.script.with_file_name("pictures");
    // `BASCULE_PICTURES=tests/recording cargo test --workspace --test in_a_browser` renews those of the README.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = env::var_os("BASCULE_PICTURES").map_or_else(|| pictures.clone(), |folder| root.join(folder));
    fs::create_dir_all(&pictures).unwrap();
    let mut told = json!({ "chromium": tools.chromium, "pictures": pictures, "readme": readme });
    let mut servers = Vec::new();
    for (name, shop) in [("reject", &reject), ("approve", &approve), ("keep", &keep)] {
        let server = Server::open(Arc::clone(&shop.account)).await.unwrap();
        let page = |query: &str| format!("http://{}/?{query}", server.address);
        told[name] = json!({ "link": page(&shop.link), "code": shop.code, "status": page(&shop.status), "statusCode": shop.status_code, "list": page(&shop.list) });
        servers.push(server);
    }
    let run = tokio::process::Command::new("node").arg(&tools.script).arg(told.to_string()).output().await.unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    let said = |shop: &Shop| shop.answer().map(|answer| [answer["decision"].clone(), answer["by"].clone()]);
    let answer = |decision: &str, by: &str| Some([Value::from(decision), Value::from(by)]);
    assert_eq!((said(&reject), said(&approve)), (answer("rejected", "Ana Lima"), answer("approved", "Ben")));
    let moved = MovedCleanup::saved(&*keep.account, &keep.migration).await.unwrap();
    assert_eq!(moved.map(|moved| moved.by), Some("Ana Lima".to_owned()));
    let started: Vec<Value> = approve.account.people().rollbacks.values().cloned().collect();
    let reason = "Ben on the status page: The cart is slow.";
    assert_eq!(started, [json!({ "migrationId": approve.migration.id, "reason": reason })]);
}
