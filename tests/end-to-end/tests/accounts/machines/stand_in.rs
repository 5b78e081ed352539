//! Stand-ins for the Lambdas: a script that speaks the runtime's HTTP interface
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>) and answers what a file says.

use sandbox::{lambdas::Package, project::Project};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

/// The script; `FOLDER` is where it reads its answers and leaves tokens.
const SCRIPT: &str = include_str!("stand_in/bootstrap.py");

/// All stand-ins of an account.
pub(crate) struct StandIns {
    folder: PathBuf,
}

/// A fresh folder below the target directory.
pub(crate) fn folder(project: &Project) -> PathBuf {
    let folder = project.sandbox().join(format!("machines-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What makes everything go well in one step.
fn well() -> Value {
    json!({
        "preflight": { "ok": { "dryRun": false } },
        "request-approval:qualification": { "token": { "decision": "approved" } },
        "request-approval:cleanup": { "token": { "decision": "approved" } },
        "shift-traffic": { "ok": { "share": 100, "complete": true } },
        "shift-traffic:undo": { "ok": { "ended": false, "keep": false } },
        "observe:bake": { "token": { "decision": "approved" } },
        "cleanup:guard": { "ok": { "approval": false } },
    })
}

impl StandIns {
    /// In this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// From now on everything goes well but what `answers` say.
    pub(crate) fn answer(&self, answers: &Value) {
        let mut all = well();
        all.as_object_mut().unwrap().extend(answers.as_object().unwrap().clone());
        for entry in fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "calls" || extension == "token") {
                fs::remove_file(path).unwrap();
            }
        }
        let file = self.folder.join("answers.json");
        fs::write(file.with_extension("new"), all.to_string()).unwrap();
        fs::rename(file.with_extension("new"), file).unwrap();
    }

    /// A token that a stand-in was handed and what it is to be answered with, each once.
    pub(crate) fn token(&self) -> Option<(String, Value)> {
        let file = self.folder.join("task.token");
        let text = fs::read_to_string(&file).ok()?;
        fs::remove_file(file).unwrap();
        let left: Value = serde_json::from_str(&text).unwrap();
        Some((left["token"].as_str().unwrap().to_owned(), left["answer"].clone()))
    }

    /// A package for every function.
    pub(crate) fn packages(&self, functions: &[String], interpreter: &Path) -> Vec<Package> {
        let script = SCRIPT
            .replace("INTERPRETER", &interpreter.display().to_string())
            .replace("FOLDER", &self.folder.display().to_string());
        let binary = self.folder.join("bootstrap.py");
        fs::write(&binary, &script).unwrap();
        let package =
            |name: &String| Package { name: name.clone(), binary: binary.clone(), zip: archive(&script).into() };
        functions.iter().map(package).collect()
    }
}

fn archive(script: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).unwrap();
    zip.write_all(script.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}
