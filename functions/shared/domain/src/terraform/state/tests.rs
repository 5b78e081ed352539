use super::*;

const BEFORE: &str = include_str!("../../../tests/states/before.tfstate");

fn problem(text: &str) -> Unreadable {
    State::read(text.as_bytes()).unwrap_err()
}

#[test]
fn a_state_is_read_with_its_lineage_its_serial_and_what_it_manages() {
    let state = State::read(BEFORE.as_bytes()).unwrap();
    assert_eq!((state.lineage.as_str(), state.serial), ("b8a12bd2-d685-c132-4d4e-86fbffcb1661", 27));
    let managed: Vec<String> = state.managed().map(|(address, _)| address.to_string()).collect();
    // As `terraform state list` says, without the data source.
    let expected = [
        "terraform_data.host[\"x\"]",
        "terraform_data.host[\"y z\"]",
        "terraform_data.link",
        "terraform_data.node[0]",
        "terraform_data.node[2]",
        "terraform_data.node[10]",
        "terraform_data.stage",
        "module.edge.terraform_data.one",
        "module.edge.terraform_data.two",
        "module.edge.module.deep.terraform_data.three",
        "module.zone[\"a\"].terraform_data.one",
        "module.zone[\"a\"].terraform_data.two",
        "module.zone[\"a\"].module.deep.terraform_data.three",
        "module.zone[\"b <&> $${c}\"].terraform_data.one",
        "module.zone[\"b <&> $${c}\"].terraform_data.two",
        "module.zone[\"b <&> $${c}\"].module.deep.terraform_data.three",
    ];
    assert_eq!(managed, expected);
    let (_, first) = state.managed().next().unwrap();
    let found = first.attributes(["id", "triggers_replace", "nothing"]).map(|text| text.map(|text| text.len()));
    assert_eq!(found, [Some(36), None, None]);
}

#[test]
fn what_is_not_changed_is_written_as_it_was_read() {
    let state = State::read(BEFORE.as_bytes()).unwrap();
    assert_eq!(state.written(state.serial), BEFORE);
}

#[test]
fn what_is_written_anew_is_written_as_terraform_writes_it() {
    let mut state = State::read(BEFORE.as_bytes()).unwrap();
    state.resources.iter_mut().for_each(|resource| resource.raw = None);
    assert_eq!(state.written(state.serial), BEFORE);
}

#[test]
fn another_serial_changes_no_other_byte() {
    let expected = BEFORE.replace("\"serial\": 27", "\"serial\": 1000");
    assert_eq!(text(renumbered(BEFORE.into(), 1000)), expected);
    // A state on one line, as people may have pushed it.
    let short = r#"{"serial":7,"resources":[],"lineage":"a","version":4}"#;
    assert_eq!(text(renumbered(short.into(), 8)), short.replace('7', "8"));
}

fn text(bytes: Result<Vec<u8>, Unreadable>) -> String {
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// The serial after the resources, as no version of Terraform writes it.
#[test]
fn the_order_of_the_members_does_not_matter() {
    let text = r#"{"version":4,"resources":[],"serial":7,"lineage":"a"}"#;
    assert_eq!(State::read(text.as_bytes()).unwrap().written(8), text.replace('7', "8"));
}

#[test]
fn a_truncated_state_is_told_wherever_it_ends() {
    let text = BEFORE.trim_end();
    for end in (1..text.len()).step_by(97) {
        assert_eq!(problem(&text[..end]), Unreadable::Truncated, "the first {end} bytes");
    }
}

#[test]
fn what_is_no_state_of_format_4_is_refused_by_its_name() {
    for empty in ["", "\n"] {
        assert_eq!(problem(empty), Unreadable::Empty);
    }
    // https://opentofu.org/docs/language/state/encryption/
    let encrypted = r#"{"serial":1,"lineage":"a","meta":{},"encrypted_data":"ZGF0YQ==","encryption_version":"v0"}"#;
    assert_eq!(problem(encrypted), Unreadable::Encrypted);
    for (text, expected) in [
        (r#"{"version":5}"#, "it is of format 5"),
        (r#"{"version":3,"serial":1,"lineage":"a","modules":[]}"#, "it is of format 3"),
        (r#"{"serial":1}"#, "it has no version"),
        (r#"{"version":4,"serial":1,"resources":[]}"#, "it has no lineage"),
        (r#"{"version":4,"lineage":"a","resources":[]}"#, "it has no serial"),
        (r#"{"version":4,"lineage":"a","serial":1}"#, "it has no resources"),
        (r#"{"version":4,"lineage":"a","serial":-1,"resources":[]}"#, "invalid value"),
        (r#"{"version":4,"lineage":"a","serial":1,"resources":[{}]}"#, "it has no mode"),
        (r#"{"version":4,"lineage":"a","serial":1,"resources":[{"mode":"new"}]}"#, "its mode is \"new\""),
        ("[]", "expected an object"),
        ("resources: []", "expected value"),
        ("{}{}", "trailing characters"),
    ] {
        let message = problem(text).to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
    assert!(matches!(State::read(&[0xff, 0xfe]), Err(Unreadable::Malformed(_))));
}
