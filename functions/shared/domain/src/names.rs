//! Deterministic names and client tokens: a create that timed out is found again by its name, never repeated.

use crate::digest::sha256_hex;
use crate::{Kind, MigrationId, ResourceKey, Side};

/// A readable prefix and 8 hexadecimal digits of a hash over (id, side, kind, name), at most `limit` characters.
/// The prefix keeps letters, digits and inner hyphens of `name`, so the result is a valid name of a network load
/// balancer, a target group (32 characters, <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>)
/// and everything laxer.
#[must_use]
pub fn unique(id: &MigrationId, side: Side, kind: Kind, name: &str, limit: usize) -> String {
    let hash = sha256_hex(format!("{id}\n{side}\n{kind}\n{name}").as_bytes());
    let room = limit.saturating_sub(9);
    let prefix: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(room).collect();
    match prefix.trim_matches('-') {
        "" => format!("b{}", &hash[..8]),
        prefix => format!("{prefix}-{}", &hash[..8]),
    }
}

/// The unique name of what `key` stands for, at most `limit` characters: see [`unique`].
#[must_use]
pub fn for_key(id: &MigrationId, key: &ResourceKey, limit: usize) -> String {
    unique(id, key.side, key.kind, &key.name, limit)
}

/// An idempotency token of 32 hexadecimal digits for a create of this resource, as EKS, EC2 and API Gateway take it.
#[must_use]
pub fn client_token(id: &MigrationId, side: Side, kind: Kind, name: &str) -> String {
    sha256_hex(format!("token\n{id}\n{side}\n{kind}\n{name}").as_bytes())[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> MigrationId {
        MigrationId::new("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:move")
    }

    #[test]
    fn names_fit_the_limit_of_their_kind_and_differ_by_every_part() {
        let long = "a-very-long-name-of-a-load-balancer-in-production";
        let name = unique(&id(), Side::Green, Kind::LoadBalancer, long, 32);
        assert_eq!(name.len(), 32);
        assert_ne!(name, unique(&id(), Side::Blue, Kind::LoadBalancer, long, 32));
        assert_ne!(name, unique(&id(), Side::Green, Kind::TargetGroup, long, 32));
        assert_ne!(name, unique(&MigrationId::new("other"), Side::Green, Kind::LoadBalancer, long, 32));
        assert_eq!(name, unique(&id(), Side::Green, Kind::LoadBalancer, long, 32));
    }

    #[test]
    fn names_neither_start_nor_end_with_a_hyphen() {
        for name in ["-x-", "--", "", "a b", "shop_blue"] {
            let unique = unique(&id(), Side::Green, Kind::TargetGroup, name, 32);
            assert!(!unique.starts_with('-') && !unique.ends_with('-'), "{unique}");
            assert!(unique.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{unique}");
        }
    }
}
