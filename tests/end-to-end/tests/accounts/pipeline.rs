//! The jobs of infra/gitlab-ci.yml, run as GitLab runs them: their scripts in a shell of their own, in an environment that has the AWS
//! CLI, the usual commands and the variables of the job, and nothing else.

use sandbox::{input::input, letterbox::Letterbox, project::Project, python::Python, site::Site};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// The lines of each job's script, and the variables of the file.
struct Pipeline {
    jobs: BTreeMap<String, Vec<String>>,
    folder: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Pipeline {
    fn read(project: &Project, folder: PathBuf, mut environment: BTreeMap<String, String>) -> Self {
        let text = std::fs::read_to_string(project.root.join("infra/gitlab-ci.yml")).unwrap();
        let file: BTreeMap<String, Value> = serde_saphyr::from_str(&text).unwrap();
        let variables = file["variables"].as_object().unwrap();
        environment.extend(variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())));
        environment.insert("BASCULE_SCRIPT".to_owned(), project.root.join("infra/bascule.sh").display().to_string());
        let lines = |job: &Value| -> Option<Vec<String>> {
            job["script"].as_array()?.iter().map(|line| line.as_str().map(str::to_owned)).collect()
        };
        let jobs = file.iter().filter_map(|(name, job)| Some((name.clone(), lines(job)?))).collect();
        Self { jobs, folder, environment }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// A shell with a script; GitLab's runner ends a job at the first line that fails.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/bash");
        command.args(["-eo", "pipefail", "-c", script]).env_clear().envs(&self.environment).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Runs a job to its end: whether it went well, and what it printed.
    async fn run(&self, job: &str) -> (bool, String) {
        self.by_hand(&self.jobs[job].join("\n")).await
    }

    /// The same of what people type.
    async fn by_hand(&self, script: &str) -> (bool, String) {
        let output = self.shell(script).output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }
}

fn environment(python: &Python, site: &Site, home: &Path) -> BTreeMap<String, String> {
    let tools = python.interpreter().parent().unwrap().display().to_string();
    let endpoint = site.account.aws.endpoint();
    [
        ("PATH", format!("{tools}:/usr/bin:/bin").as_str()),
        ("HOME", &home.display().to_string()),
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_DEFAULT_REGION", sandbox::aws::REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("BASCULE_POLL", "1"),
        ("CI_PIPELINE_ID", "42"),
        ("CI_PIPELINE_URL", "https://gitlab.example.com/42"),
        ("GITLAB_USER_NAME", r#"Ana "QA" Lima"#),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub(crate) async fn plans_starts_answers_and_follows() {
    let project = Project::locate().await.unwrap();
    let say = |line: &str| eprintln!("pipeline: {line}");
    let site = Site::prepare(None, None, &say).await.unwrap();
    let python = Python::prepare(&project, &say).await.unwrap();
    let (stack, shop) = site.furnish(sandbox::world::front::Front::Plain, &[], &say).await.unwrap();
    // Somebody must get the messages, or preflight refuses.
    let _letters = Letterbox::subscribe(&site.account.aws, &stack.outputs["TopicArn"]).await.unwrap();
    let folder = project.sandbox().join(format!("pipeline-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let input = input(&shop, &[100], false);
    std::fs::write(folder.join("bascule.json"), serde_json::to_string_pretty(&input).unwrap()).unwrap();
    let mut pipeline = Pipeline::read(&project, folder.clone(), environment(&python, &site, &folder));

    let (well, printed) = pipeline.run("bascule-plan").await;
    assert!(well && printed.contains("Preflight"), "{printed}");
    let plan = std::fs::read_to_string(folder.join("plan.md")).unwrap();
    assert!(plan.starts_with("# ") && plan.contains("shop-green") && !plan.contains("\\n"), "{plan}");

    let (well, printed) = pipeline.run("bascule-start").await;
    assert!(well, "{printed}");
    let dotenv = std::fs::read_to_string(folder.join("execution.env")).unwrap();
    let execution = dotenv.trim().strip_prefix("BASCULE_EXECUTION=").unwrap().to_owned();
    pipeline.set("BASCULE_EXECUTION", &execution);

    let mut following = pipeline.shell(&pipeline.jobs["bascule-follow"].join("\n")).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut printed = Vec::new();
    let digest = loop {
        let line = lines.next_line().await.unwrap();
        printed.push(line.unwrap_or_else(|| panic!("nobody was asked: {printed:?}")));
        let asked = printed.last().and_then(|line| line.strip_prefix("asked: qualification, digest "));
        if let Some((digest, _)) = asked.and_then(|rest| rest.split_once(',')) {
            break digest.to_owned();
        }
    };
    // What another digest answers is not what is asked.
    pipeline.set("BASCULE_DIGEST", "0");
    let (well, refused) = pipeline.run("bascule-reject").await;
    assert!(!well && refused.contains("what is asked now is"), "{refused}");
    pipeline.set("BASCULE_DIGEST", &digest);
    let (well, answered) = pipeline.run("bascule-reject").await;
    assert!(well, "{answered}");

    while let Some(line) = lines.next_line().await.unwrap() {
        printed.push(line);
    }
    assert!(following.wait().await.unwrap().success(), "{printed:?}");
    let states: Vec<&str> = printed.iter().filter_map(|line| line.split_once("Z ").map(|(_, state)| state)).collect();
    assert!(
        states.ends_with(&["WayBack", "Rejected?", "BlueServes"]) && states.contains(&"AwaitQualification"),
        "{states:?}"
    );
    assert!(printed.contains(&"SUCCEEDED".to_owned()), "{printed:?}");

    // Nothing of blue is to be destroyed while it serves.
    let (well, printed) = pipeline.run("bascule-destroyable").await;
    assert!(!well && printed.contains("waits for nothing"), "{printed}");
    // A migration that is over has nothing to give back, and its rollback says so by ending well.
    let (well, printed) = pipeline.run("bascule-rollback").await;
    assert!(well && printed.contains("NothingToDo"), "{printed}");
    let (well, report) = pipeline.by_hand(&format!("$BASCULE_SCRIPT report {execution}")).await;
    assert!(well && report.contains("turned back") && report.contains("bascule-provision-edge"), "{report}");
    the_cleanup_is_moved_and_switched_off(&pipeline, &stack.outputs["LedgerTable"], &execution).await;
    nothing_but_an_export_is_left(&pipeline, &project).await;
    std::fs::remove_dir_all(folder).unwrap();
    site.clear().await;
}

/// Bascule is taken out of the account once nothing of it runs or waits any more.
async fn nothing_but_an_export_is_left(pipeline: &Pipeline, project: &Project) {
    let uninstall = format!("{} ledger.json", project.root.join("infra/uninstall.sh").display());
    let (well, printed) = pipeline.by_hand(&uninstall).await;
    assert!(!well && printed.contains("a schedule waits: bascule-cleanup-0a1b2c3d"), "{printed}");
    let file = pipeline.folder.join("ledger.json");
    assert!(!file.exists(), "{printed}");
    let unschedule = "aws scheduler delete-schedule --group-name bascule --name bascule-cleanup-0a1b2c3d";
    let (well, printed) = pipeline.by_hand(&format!("{unschedule} && {uninstall}")).await;
    assert!(well && printed.contains("deleted: the stack bascule"), "{printed}");
    let items: Vec<BTreeMap<String, Value>> = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert!(
        items.iter().any(|item| item["sk"]["S"] == "META" && item["outcome"]["S"] == "BlueServes"),
        "{}",
        items.len()
    );
    let tokens: Vec<&Value> = items.iter().filter_map(|item| Some(&item.get("token")?["S"])).collect();
    assert!(!tokens.is_empty() && tokens.iter().all(|token| **token == "void"), "{} tokens", tokens.len());
    for gone in [
        "aws cloudformation describe-stacks --stack-name bascule",
        "aws lambda get-function --function-name bascule-decide",
        "aws dynamodb list-tables --output text | grep -i ledger",
    ] {
        let (well, printed) = pipeline.by_hand(gone).await;
        assert!(!well, "{gone}: {printed}");
    }
}

/// On a schedule as `ScheduleCleanup` leaves it, which this migration has no more.
async fn the_cleanup_is_moved_and_switched_off(pipeline: &Pipeline, table: &str, execution: &str) {
    let cleanup = |what: &str| format!("$BASCULE_SCRIPT cleanup {execution} {what}");
    let (well, printed) = pipeline.by_hand(&cleanup("never")).await;
    assert!(!well && printed.contains("has no schedule of a cleanup"), "{printed}");
    let item = json!({
        "pk": { "S": format!("MIGRATION#{execution}") }, "sk": { "S": "RESOURCE#temporary#Schedule#cleanup" },
        "status": { "S": "present" }, "id": { "S": "bascule-cleanup-0a1b2c3d" }, "detail": { "S": "null" },
    });
    let target = json!({ "Arn": "arn:aws:states:eu-central-1:000000000000:stateMachine:bascule-cleanup", "RoleArn": "arn:aws:iam::000000000000:role/schedules", "Input": "{}" });
    let made = format!(
        "aws dynamodb put-item --table-name {table} --item '{item}' && aws scheduler create-schedule --group-name bascule --name bascule-cleanup-0a1b2c3d \
         --schedule-expression 'at(2126-01-01T00:00:00)' --flexible-time-window Mode=OFF --action-after-completion DELETE --target '{target}'"
    );
    let (well, printed) = pipeline.by_hand(&made).await;
    assert!(well, "{printed}");
    for (what, state, when) in [
        ("at 2126-02-03T04:05:06", "ENABLED", "at(2126-02-03T04:05:06)"),
        ("never", "DISABLED", "at(2126-02-03T04:05:06)"),
        ("at 2126-03-01T00:00:00", "ENABLED", "at(2126-03-01T00:00:00)"),
    ] {
        let (well, printed) = pipeline.by_hand(&cleanup(what)).await;
        assert!(well, "{printed}");
        let look = "aws scheduler get-schedule --group-name bascule --name bascule-cleanup-0a1b2c3d --output text \
                    --query '[State, ScheduleExpression, Target.Input, ActionAfterCompletion]'";
        let (_, found) = pipeline.by_hand(look).await;
        assert_eq!(found.trim(), format!("{state}\t{when}\t{{}}\tDELETE"), "{what}");
    }
}
