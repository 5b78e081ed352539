//! The shop's three Terraform projects, network, cluster and API gateway: real code for the real CLI and the real AWS provider, with states
//! on the account's S3. The shop is there before: the code takes it up by `import` blocks, so that its states are those of a user. Where no
//! Terraform manages the shop, the provider still reads what a replacement has made ([`green`]).

mod code;
pub mod green;
mod imports;
pub mod program;
mod project;
mod setup;

use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::error::Result;
use crate::world::front::Front;
use crate::world::{BLUE, GREEN};

use program::{Changes, Planned};
use project::Project;
pub use project::{LOCKS, STATES};

/// The code of the project `cluster`.
const CLUSTER: &str = include_str!("../../terraform/cluster/main.tf");
/// Its module, of one node group.
const NODES: &str = include_str!("../../terraform/cluster/nodes/main.tf");

/// The workspace that describes production.
const PRODUCTION: &str = "prod";
/// The workspace in which the shop's people build green, in the story `swap`.
const TEMPORARY: &str = "green";

/// What the project of the API reads of blue's load balancer, and no more once blue is gone.
const BLUES_BALANCER: &str = "data.aws_lb.shop";

/// How green came about, and with it how its states are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Story {
    /// Bascule builds green; every project takes it up by the merge request that is written for it.
    Adopt,
    /// The shop's people built green in a temporary workspace, with a second link beside the first: the states of the two workspaces are
    /// exchanged, and the links get each other's names.
    Swap,
}

impl Story {
    /// The account in which it takes place.
    #[must_use]
    pub const fn front(self) -> Front {
        match self {
            Self::Adopt => Front::Plain,
            Self::Swap => Front::ExistingGreen,
        }
    }
}

/// A project in a workspace, before the migration and after it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The project.
    pub project: &'static str,
    /// The workspace.
    pub workspace: &'static str,
    /// The way of its hand-over: `adopt`, `swap`, `move`, or `none`.
    pub mode: &'static str,
    /// Which replacement of the shop's cluster it is, from 1.
    pub replacement: usize,
    /// What a plan would do before.
    pub before: Changes,
    /// What a plan would do afterwards; nothing where the migration did not come so far.
    pub after: Option<Changes>,
}

impl Row {
    /// A line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { project, workspace, mode, replacement, before, after } = self;
        let after = after.map_or_else(|| "unknown".to_owned(), |after| after.told());
        format!(
            "  terraform   {project} ({workspace}, {mode}, replacement {replacement}): before {}; after {after}",
            before.told()
        )
    }
}

/// The projects of one story.
#[derive(Debug)]
pub struct Projects {
    story: Story,
    /// The one whose plan must be applied before another one's comes first.
    all: Vec<Project>,
    /// Of this replacement, in the order of the projects.
    rows: Vec<Row>,
    /// Of those before it.
    earlier: Vec<Row>,
    /// From 1.
    replacement: usize,
    /// What Bascule wrote for each of them: the resources of blue.
    blue: Vec<String>,
    /// The versions of blue and, where it is there, of green.
    versions: [String; 2],
}

impl Projects {
    /// `terraform` of the migration's input.
    #[must_use]
    pub fn input(&self) -> Value {
        let link = |name: &str| format!("aws_api_gateway_vpc_link.{name}");
        let moves = [("shop", "between"), ("standby", "shop"), ("between", "standby")];
        let addresses = moves.map(|(from, to)| json!({ "from": link(from), "to": link(to) }));
        let one = |project: &Project| {
            let mode = match project.mode {
                "adopt" => json!({ "workspace": project.workspace }),
                "swap" if project.workspace == PRODUCTION => json!({ "workspace": PRODUCTION, "temporary": TEMPORARY }),
                "move" => json!({ "workspace": project.workspace, "addresses": addresses }),
                _ => return None,
            };
            let mut place = project.place();
            place[project.mode] = mode;
            Some(place)
        };
        self.all.iter().filter_map(one).collect()
    }

    /// Begins another replacement, of the cluster that serves now.
    pub fn begin_again(&mut self) {
        self.replacement += 1;
        let next = |row: &Row| Row {
            before: row.after.unwrap_or_default(),
            after: None,
            replacement: self.replacement,
            ..row.clone()
        };
        let next = self.rows.iter().map(next).collect();
        self.earlier.append(&mut std::mem::replace(&mut self.rows, next));
        self.blue.clear();
    }

    /// What the shop's people do after a migration of this name: they merge what was written and what they prepared, and apply it.
    ///
    /// # Errors
    /// Where the plan of a merge request would change, delete, or make anything but attachments of Auto Scaling groups.
    pub async fn merge(&mut self, aws: &Aws, migration: &str, say: &dyn Fn(&str)) -> Result<()> {
        let written = format!("{migration}/");
        let file = green_file(self.replacement);
        for project in &mut self.all {
            self.blue.push(match project.mode {
                "adopt" => merge_one(project, aws, (&written, &file), say).await?,
                "move" => {
                    project.set(&[("cluster", GREEN), ("standby", BLUE)])?;
                    merge_one(project, aws, (&written, &file), say).await?
                }
                "swap" => {
                    let [blue, green] = &self.versions;
                    let (cluster, version) =
                        if project.workspace == PRODUCTION { (GREEN, green) } else { (BLUE, blue) };
                    project.set(&[("cluster", cluster), ("kubernetes_version", version)])?;
                    String::new()
                }
                _ => String::new(),
            });
        }
        self.look(say).await
    }

    /// Whether Terraform deletes blue, once the cleanup asks for it.
    #[must_use]
    pub fn deletes_blue(&self) -> bool {
        self.story == Story::Adopt
    }

    /// Deletes blue.
    ///
    /// # Errors
    /// Where a plan would do anything but delete.
    pub async fn destroy(&mut self, say: &dyn Fn(&str)) -> Result<()> {
        for (project, blue) in self.all.iter_mut().zip(&self.blue) {
            let removed = code::removed(blue);
            if removed.is_empty() {
                continue;
            }
            project.code = code::without(&project.code, &[&removed[..], &[BLUES_BALANCER]].concat());
            project.write("main.tf", &project.code)?;
            project.write("blue.tf", blue)?;
            // What the replacement before took up is blue by now.
            if self.replacement > 1 {
                project.remove(&green_file(self.replacement - 1))?;
            }
            let only_deletes = |planned: &Planned| {
                let Changes { add, change, import, .. } = planned.changes;
                (add, change, import) == (0, 0, 0)
            };
            let planned = project.converge("deleting blue", only_deletes).await?;
            say(&format!("Terraform: the project {} deleted {} of blue", project.name, planned.changes.destroy));
            project.remove("blue.tf")?;
        }
        self.look(say).await
    }

    /// What is not as it should be.
    #[must_use]
    pub fn disappointments(&self) -> Vec<String> {
        let wrong = self
            .earlier
            .iter()
            .chain(&self.rows)
            .filter(|row| !row.before.is_empty() || !row.after.is_some_and(Changes::is_empty));
        wrong.map(|row| format!("terraform plans changes: {row:?}")).collect()
    }

    /// The rows of the report.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        self.earlier.iter().chain(&self.rows).cloned().collect()
    }

    /// Plans every project, as it is now.
    async fn look(&mut self, say: &dyn Fn(&str)) -> Result<()> {
        let plans = futures::future::try_join_all(self.all.iter().map(Project::plan)).await?;
        for (row, planned) in self.rows.iter_mut().zip(plans) {
            say(&format!("Terraform: a plan of {} ({}): {}", row.project, row.workspace, planned.told()));
            row.after = Some(planned.changes);
        }
        Ok(())
    }
}

/// Where a project keeps what a replacement gave it.
fn green_file(replacement: usize) -> String {
    format!("green-{replacement}.tf")
}

/// Merges and applies what was written for a project, and gives its `blue.tf`.
async fn merge_one(
    project: &mut Project,
    aws: &Aws,
    (written, file): (&str, &str),
    say: &dyn Fn(&str),
) -> Result<String> {
    let folder = format!("{}.bascule-adopt-{written}", project.object());
    let green = aws.get_object(STATES, &format!("{folder}green.tf")).await?;
    let blue = aws.get_object(STATES, &format!("{folder}blue.tf")).await?;
    for setting in code::settings(&green) {
        project.code = code::set(&project.code, &setting)?;
    }
    project.write("main.tf", &project.code)?;
    project.write(file, &green)?;
    let takes_up = |planned: &Planned| planned.only_takes_up() && planned.changes.change == 0;
    let Changes { import, add, .. } = project.converge("with the merge request", takes_up).await?.changes;
    say(&format!("Terraform: the merge request of {}: {import} imported, {add} added", project.name));
    Ok(blue)
}
