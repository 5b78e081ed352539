use super::*;

const BEFORE: &str = include_str!("../../../tests/states/before.tfstate");

/// One of a state of `OpenTofu`'s own tests.
const OPENTOFU: &str = include_str!("../../../tests/states/opentofu.tfstate");

fn result(moves: &[(&str, &str)]) -> Result<String, (usize, String)> {
    result_of(BEFORE, moves)
}

fn result_of(before: &str, moves: &[(&str, &str)]) -> Result<String, (usize, String)> {
    let moves: Vec<_> = moves.iter().map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap())).collect();
    moved(State::read(before.as_bytes()).unwrap(), &moves)
}

#[test]
fn every_move_gives_what_terraform_state_mv_gave() {
    for (before, moves, number) in [
        (BEFORE, include_str!("../../../tests/states/moves.json"), 10),
        (OPENTOFU, include_str!("../../../tests/states/opentofu-moves.json"), 2),
    ] {
        let moves: Vec<[String; 3]> = serde_json::from_str(moves).unwrap();
        assert_eq!(moves.len(), number);
        for [name, from, to] in moves {
            let path = format!("{}/tests/states/{name}.tfstate", env!("CARGO_MANIFEST_DIR"));
            let expected = std::fs::read_to_string(path).unwrap();
            assert!(expected != before);
            assert_eq!(result_of(before, &[(&from, &to)]), Ok(expected), "{name}");
        }
    }
}

#[test]
fn two_resources_exchange_their_names_by_way_of_a_third() {
    let (a, b, c) = ("terraform_data.link", "terraform_data.stage", "terraform_data.between");
    let exchanged = result(&[(a, c), (b, a), (c, b)]).unwrap();
    let before = State::read(BEFORE.as_bytes()).unwrap();
    let after = State::read(exchanged.as_bytes()).unwrap();
    let id = |state: &State, address: &str| {
        let mut managed = state.managed();
        managed
            .find(|(found, _)| found.to_string() == address)
            .and_then(|(_, instance)| instance.attributes(["id"])[0].clone())
    };
    assert!(id(&before, a).is_some());
    assert_eq!((id(&after, a), id(&after, b), id(&after, c)), (id(&before, b), id(&before, a), None));
    assert_eq!((after.serial, after.lineage), (before.serial + 3, before.lineage));
}

/// What `terraform state mv` 1.11.4 refuses of the same state.
#[test]
fn what_terraform_refuses_is_refused_with_the_number_of_the_move() {
    for (from, to, expected) in [
        ("terraform_data.nope", "terraform_data.a", "the state has no terraform_data.nope"),
        ("terraform_data.host[\"q\"]", "terraform_data.a", "the state has no terraform_data.host[\"q\"]"),
        ("terraform_data.link", "terraform_data.stage", "the state has terraform_data.stage already"),
        ("terraform_data.host", "terraform_data.node", "the state has terraform_data.node already"),
        ("terraform_data.host", "terraform_data.new[0]", "terraform_data.host has several instances"),
        ("terraform_data.link", "module.a", "module.a is a module"),
        ("module.edge", "terraform_data.a", "module.edge is a module"),
        ("module.nope", "module.a", "the state has nothing in module.nope"),
        ("module.zone", "module.a", "the state has nothing in module.zone"),
        ("module.edge", "module.zone[\"a\"]", "the state has something in module.zone[\"a\"] already"),
        ("terraform_data.link", "null_resource.link", "are of different types"),
        ("terraform_data.link", "data.terraform_data.link", "are of different types"),
    ] {
        let (number, message) = result(&[("module.edge.module.deep", "module.first"), (from, to)]).unwrap_err();
        assert_eq!(number, 1);
        assert!(message.contains(expected), "{from} to {to}: {message}");
    }
}
