//! One project: its states, and whether its hand-over can end well.

use super::{
    Managed,
    content::{Blue, Content, content},
};
use domain::{
    Limit, PhaseError, Problem, adoption,
    input::terraform::{Move, Project, Swap},
    plan::{Found, terraform::Handover},
    ports::TerraformStates,
    terraform::{Address, Place},
};

/// So many addresses are named.
const TOLD: usize = 12;

/// What addresses of API Gateway's stages have in them.
const STAGES: [&str; 2] = ["aws_api_gateway_stage.", "aws_apigatewayv2_stage."];

pub(super) async fn read<P: TerraformStates>(
    ports: &P,
    path: &str,
    project: &Project,
    blue: &Blue,
    found: &mut Found<Managed>,
) -> Result<(), PhaseError> {
    let mut contents = Vec::new();
    let places = project.places();
    for (field, place) in &places {
        match content(ports, path, field, place, project.moves.as_ref(), blue).await? {
            Ok(content) => contents.push(content),
            Err(problem) => found.problems.push(problem),
        }
    }
    let handover = |moves| Handover {
        places: places.iter().map(|(_, place)| place.clone()).collect(),
        lineages: contents.iter().map(|content| content.lineage.clone()).collect(),
        moves,
        adopt: project.adopt.is_some(),
    };
    match (&project.swap, &project.moves, &project.adopt, &contents[..]) {
        (Some(swap), None, None, [mine, temporary]) => {
            found.problems.extend(swapped(path, swap, mine, temporary, blue));
            let moves = Vec::new();
            tell(project, mine, &swap.temporary, "terraform destroy", found);
            found.facts.handovers.push(handover(moves));
        }
        (None, None, Some(adopt), [content]) => {
            let problem = || Problem::new(format!("{path}.adopt.workspace"), unconcerned(&adopt.workspace, content));
            found.problems.extend(content.blue.is_empty().then(problem));
            found.problems.extend(unnamed(path, content));
            tell(project, content, &adopt.workspace, "terraform apply` of the commit with its `blue.tf", found);
            found.advice.extend(merge_request(&places[0].1, content));
            found.facts.handovers.push(handover(Vec::new()));
        }
        (None, Some(moves), None, [content]) => {
            found.problems.extend(movable(path, moves, content));
            tell(
                project,
                content,
                &moves.workspace,
                "terraform apply` of the code without it, or `terraform destroy -target=…",
                found,
            );
            // The switch gives the stage a deployment that the code does not know.
            let has_stage = content.blue.iter().any(|(address, _)| STAGES.iter().any(|kind| address.contains(kind)));
            found.advice.extend(has_stage.then(|| announced(&places[0].1)));
            let moves = moves.addresses.iter().map(|one| (one.from.clone(), one.to.clone())).collect();
            found.facts.handovers.push(handover(moves));
        }
        // The input is at fault, or a state, which is told already.
        _ => {}
    }
    Ok(())
}

/// Whether two states can be exchanged.
fn swapped(path: &str, swap: &Swap, mine: &Content, temporary: &Content, blue: &Blue) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse =
        |field: &str, message: String| problems.push(Problem::new(format!("{path}.swap.{field}"), message));
    if mine.blue.is_empty() {
        refuse("workspace", unconcerned(&swap.workspace, mine));
    }
    if temporary.count == 0 {
        refuse(
            "temporary",
            format!(
                "the state of the workspace {:?} manages nothing: build green in it first, or leave the project out",
                swap.temporary
            ),
        );
    }
    let stolen: Vec<&str> =
        temporary.blue.iter().filter(|(_, id)| id.is_some()).map(|(address, _)| address.as_str()).collect();
    if !stolen.is_empty() {
        let message = format!(
            "the state of the workspace {:?} manages blue's {}: expected green's, or exchange the two names",
            swap.temporary,
            stolen.join(", ")
        );
        refuse("temporary", message);
    }
    for cluster in temporary.clusters.iter().filter(|cluster| **cluster != blue.green) {
        let message = format!(
            "the state of the workspace {:?} manages the cluster {cluster}, expected {} as in $.green.cluster",
            swap.temporary, blue.green
        );
        refuse("temporary", message);
    }
    if temporary.clusters.contains(&blue.green) && !blue.is_existing {
        let message = format!(
            "the state of the workspace {:?} manages the cluster {}, which Bascule would build a second time: write \"existing\": true in $.green",
            swap.temporary, blue.green
        );
        refuse("temporary", message);
    }
    problems
}

fn movable(path: &str, moves: &Move, content: &Content) -> Option<Problem> {
    if let Some((number, why)) = &content.immovable {
        let message = format!("the move cannot be made: {why}; `terraform state list` names what there is");
        return Some(Problem::new(format!("{path}.move.addresses[{number}]"), message));
    }
    let problem = || Problem::new(format!("{path}.move.workspace"), unconcerned(&moves.workspace, content));
    content.blue.is_empty().then(problem)
}

fn unnamed(path: &str, content: &Content) -> Option<Problem> {
    let problem = || {
        Limit::ProviderInModule.refusal(
            format!("{path}.adopt.workspace"),
            format!(
                "a module configures the provider of {}, and no block outside of that module can name it. Move its `provider` block to the root module,                  give it to the module by `providers`, apply, and start again",
                content.unnamed.join(", ")
            ),
        )
    };
    (!content.unnamed.is_empty()).then(problem)
}

fn announced(place: &Place) -> String {
    format!(
        "after the bake a merge request for s3://{} is written beside it, under {}…/: until it is applied, apply nothing there",
        place.lock_id(),
        adoption::FOLDER
    )
}

/// Where the merge request will be, and what it cannot take up.
fn merge_request(place: &Place, content: &Content) -> Vec<String> {
    let others = content.blue.iter().filter(|(address, id)| {
        let address = address.parse::<Address>().ok().and_then(|address| address.resource);
        id.is_some() && !address.is_some_and(|resource| adoption::is_taken_up(&resource.kind))
    });
    let others: Vec<&str> = others.map(|(address, _)| address.as_str()).collect();
    let mut told = vec![announced(place)];
    if !others.is_empty() {
        told.push(format!(
            "no import is written for {}: the merge request says what they name of blue",
            others.join(", ")
        ));
    }
    told.extend(content.mixed.iter().map(|(call, besides)| {
        format!(
            "{call} has what is blue's and also {}, which stay: its call cannot be deleted with blue before they are moved out of it, by the `moved`              blocks that the merge request names",
            besides.join(", ")
        )
    }));
    told
}

fn unconcerned(workspace: &str, content: &Content) -> String {
    format!(
        "of the {} resources in the state of the workspace {workspace:?} none is blue's, its API or its network: expected the state that \
         describes blue",
        content.count
    )
}

/// What people should know, and how what the state manages of blue is deleted.
fn tell(project: &Project, content: &Content, workspace: &str, command: &str, found: &mut Found<Managed>) {
    let state = format!("s3://{}/{} (workspace {workspace})", project.bucket, project.key);
    for (_, id) in &content.blue {
        if let Some(id) = id {
            found.facts.destroyed_by.insert(id.clone(), format!("run `{command}` for {state}"));
        }
    }
    let addresses: Vec<&str> = content.blue.iter().take(TOLD).map(|(address, _)| address.as_str()).collect();
    let more = content.blue.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let deleted = content.blue.iter().any(|(_, id)| id.is_some());
    let later = if deleted {
        format!("; what of it is deleted in the end Bascule leaves to `{command}` for {state}")
    } else {
        String::new()
    };
    found.advice.push(format!("Terraform manages of blue: {}{more}{later}", addresses.join(", ")));
}
