//! Hooks of Helm charts that Kustomize inflates as plain objects (kubernetes-sigs/kustomize#3831, #4808).

use super::Object;

/// Hooks that an installation does not run (<https://helm.sh/docs/topics/charts_hooks/>): tests, and what belongs to a deletion or to a
/// rollback.
const NOT_INSTALLED: [&str; 7] =
    ["test", "test-success", "test-failure", "pre-delete", "post-delete", "pre-rollback", "post-rollback"];

/// Whether Helm would not have made this object when it installed its chart: blue does not have it.
#[must_use]
pub fn is_left_out(object: &Object) -> bool {
    let hooks = object.value["metadata"]["annotations"]["helm.sh/hook"].as_str();
    hooks.is_some_and(|hooks| hooks.split(',').all(|hook| NOT_INSTALLED.contains(&hook.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hooks_of_tests_and_of_a_deletion_are_left_out_and_those_of_an_installation_are_not() {
        for (hook, expected) in [
            ("test", true),
            ("test-success", true),
            ("pre-delete, post-rollback", true),
            ("pre-install", false),
            ("post-install,test", false),
            ("", false),
        ] {
            let metadata = json!({ "name": "x", "annotations": { "helm.sh/hook": hook } });
            let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata });
            assert_eq!(is_left_out(&Object::new(1, 1, pod).unwrap()), expected, "{hook}");
        }
        let plain = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "x" } });
        assert!(!is_left_out(&Object::new(1, 1, plain).unwrap()));
    }
}
