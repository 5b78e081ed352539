//! Where a text says which cluster nodes join, and what it says there.

use crate::plan::compute::Cluster;
use std::ops::Range;

/// What user data says of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Name,
    Endpoint,
    Authority,
    Cidr,
}

/// How it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    NodeConfig,
    Settings,
    Script,
}

/// One value in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) field: Field,
    pub(super) range: Range<usize>,
}

impl Field {
    fn of(self, cluster: &Cluster) -> &str {
        match self {
            Self::Name => &cluster.name,
            Self::Endpoint => &cluster.endpoint,
            Self::Authority => &cluster.certificate_authority,
            Self::Cidr => cluster.service_cidr.as_deref().unwrap_or_default(),
        }
    }
}

impl Format {
    /// What nodes cannot do without: nodeadm's `ClusterDetails`
    /// (<https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/#clusterdetails>), Bottlerocket's settings
    /// (<https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/>), the argument of Amazon Linux 2's script, which asks EKS for the
    /// rest (<https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2/runtime/bootstrap.sh>).
    pub(super) const fn needs(self) -> &'static [Field] {
        match self {
            Self::NodeConfig => &[Field::Name, Field::Endpoint, Field::Authority, Field::Cidr],
            Self::Settings => &[Field::Name, Field::Endpoint, Field::Authority],
            Self::Script => &[Field::Name],
        }
    }

    /// What the format calls a field.
    pub(super) const fn word(self, field: Field) -> &'static str {
        match (self, field) {
            (Self::NodeConfig, Field::Name) => "spec.cluster.name",
            (Self::NodeConfig, Field::Endpoint) => "spec.cluster.apiServerEndpoint",
            (Self::NodeConfig, Field::Authority) => "spec.cluster.certificateAuthority",
            (Self::NodeConfig, Field::Cidr) => "spec.cluster.cidr",
            (Self::Settings, Field::Name) => "settings.kubernetes.cluster-name",
            (Self::Settings, Field::Endpoint) => "settings.kubernetes.api-server",
            (Self::Settings, _) => "settings.kubernetes.cluster-certificate",
            (Self::Script, Field::Name) => "the cluster's name in the call of /etc/eks/bootstrap.sh",
            (Self::Script, Field::Endpoint) => "--apiserver-endpoint",
            (Self::Script, _) => "--b64-cluster-ca",
        }
    }
}

impl Place {
    /// Why this place is not as blue is.
    pub(super) fn fault(&self, format: Format, text: &str, blue: &Cluster) -> Option<String> {
        let (found, expected) = (&text[self.range.clone()], self.field.of(blue));
        let same = !expected.is_empty() && found.trim_end_matches('/') == expected.trim_end_matches('/');
        (!same).then(|| format!("its user data says of {} something else than blue is", format.word(self.field)))
    }
}

/// The text with what a cluster is at these places.
pub(super) fn filled(text: &str, mut places: Vec<Place>, cluster: &Cluster) -> String {
    places.sort_by_key(|place| place.range.start);
    places.dedup();
    let mut written = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        written.push_str(&text[from..place.range.start]);
        written.push_str(place.field.of(cluster));
        from = place.range.end;
    }
    written + &text[from..]
}

/// Each line of a part of a text with where it begins, without its end.
pub(super) fn lines(text: &str, within: Range<usize>) -> impl Iterator<Item = (usize, &str)> {
    let mut at = within.start;
    text[within].split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

/// Where the value of a setting is that begins in `line` at `from`: in its quotes, or until a comment; none where it goes on elsewhere.
pub(super) fn value(line: &str, from: usize) -> Option<Range<usize>> {
    let rest = &line[from..];
    let start = from + rest.len() - rest.trim_start().len();
    let value = line[start..].trim_end();
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = &value[1..];
            let end = inner.find(quote)?;
            let after = inner[end + 1..].trim_start();
            ((after.is_empty() || after.starts_with('#')) && !inner[..end].contains('\\'))
                .then(|| start + 1..start + 1 + end)
        }
        Some('|' | '>' | '&' | '*' | '{' | '[' | '!') | None => None,
        Some(_) => {
            let end = value.find(" #").unwrap_or(value.len());
            Some(start..start + value[..end].trim_end().len())
        }
    }
}
