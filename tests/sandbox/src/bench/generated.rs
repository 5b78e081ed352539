//! Bundles of any size, of the kinds that most bundles are made of.

use std::fmt::Write as _;

/// The namespace of all objects.
const NAMESPACE: &str = "generated";

/// A bundle of `objects` objects, its namespace among them, as YAML. Of ten objects three are `ConfigMaps`, two Secrets, two Services,
/// one a `ServiceAccount`, and two Deployments: about what kustomizations of microservices have.
#[must_use]
pub(super) fn bundle(objects: usize) -> String {
    let mut text = format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAMESPACE}\n");
    for index in 1..objects {
        let name = format!("item-{index}");
        let (head, body) = match index % 10 {
            0 | 1 => (("apps/v1", "Deployment"), deployment(&name)),
            2 | 3 => (("v1", "Service"), service(&name)),
            4 | 5 => (("v1", "Secret"), format!("type: Opaque\nstringData:\n  password: \"{index:064}\"\n")),
            6 => (("v1", "ServiceAccount"), "automountServiceAccountToken: false\n".to_owned()),
            _ => (("v1", "ConfigMap"), config(index)),
        };
        let (api_version, kind) = head;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---\napiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {NAMESPACE}\n  labels:\n    \
             app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: bench\n{body}"
        );
    }
    text
}

fn config(index: usize) -> String {
    (0..12).fold("data:\n".to_owned(), |mut data, line| {
        let _ = writeln!(data, "  setting-{line}: \"value {line} of {index}, about as long as settings are\"");
        data
    })
}

fn service(name: &str) -> String {
    format!(
        "spec:\n  selector:\n    app.kubernetes.io/name: {name}\n  ports:\n  - name: http\n    port: 80\n    targetPort: http\n  \
         - name: metrics\n    port: 9090\n    targetPort: metrics\n"
    )
}

fn deployment(name: &str) -> String {
    format!(
        "spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
        app.kubernetes.io/part-of: bench
    spec:
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
      containers:
      - name: server
        image: registry.example/{name}:1.0.0
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        env:
        - name: PORT
          value: \"8080\"
        - name: LOG_LEVEL
          value: info
        - name: POD
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        resources:
          requests:
            cpu: 100m
            memory: 64Mi
          limits:
            memory: 128Mi
        readinessProbe:
          httpGet:
            path: /healthz
            port: http
          periodSeconds: 5
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::objects::read;
    use super::*;

    #[test]
    fn a_bundle_has_as_many_objects_as_it_was_asked_for() {
        let objects = read(&bundle(100)).unwrap();
        assert_eq!(objects.len(), 100);
        let of = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).count();
        assert_eq!([of("Namespace"), of("Deployment"), of("Service"), of("ConfigMap")], [1, 19, 20, 30]);
        assert_eq!(objects[1]["metadata"]["namespace"], NAMESPACE);
    }
}
