//! Prices of us-east-1, where people pay on demand. Other Regions cost up to twice as much, reservations and Spot less.

use domain::usd::PerHour;

/// What the plan says of them.
pub(super) const SOURCE: &str =
    "prices of us-east-1 on demand, as AWS listed them in November 2026, where the input has none under \"prices\"";

/// A control plane whose version is in standard support; $0.60 in extended support (<https://aws.amazon.com/eks/pricing/>).
pub(super) const CONTROL_PLANE: PerHour = PerHour::from_micros(100_000);

/// A Network Load Balancer, without its capacity units (<https://aws.amazon.com/elasticloadbalancing/pricing/>).
pub(super) const LOAD_BALANCER: PerHour = PerHour::from_micros(22_500);

/// Millionths of a US dollar for an hour of each family's size `large` with Linux, by which the family's other sizes are priced too
/// (<https://aws.amazon.com/ec2/pricing/on-demand/>).
const LARGE: [(&str, u64); 34] = [
    ("c5", 85_000),
    ("c5a", 77_000),
    ("c5d", 96_000),
    ("c5n", 108_000),
    ("c6a", 76_500),
    ("c6g", 68_000),
    ("c6i", 85_000),
    ("c7a", 102_640),
    ("c7g", 72_500),
    ("c7i", 89_250),
    ("c8g", 79_760),
    ("m5", 96_000),
    ("m5a", 86_000),
    ("m5d", 113_000),
    ("m6a", 86_400),
    ("m6g", 77_000),
    ("m6i", 96_000),
    ("m7a", 115_920),
    ("m7g", 81_600),
    ("m7i", 100_800),
    ("m7i-flex", 95_760),
    ("m8g", 89_760),
    ("r5", 126_000),
    ("r5a", 113_000),
    ("r5d", 144_000),
    ("r6a", 113_400),
    ("r6g", 100_800),
    ("r6i", 126_000),
    ("r7g", 107_100),
    ("r7i", 132_300),
    ("r8g", 117_820),
    ("t3", 83_200),
    ("t3a", 75_200),
    ("t4g", 67_200),
];

/// What an hour of an instance type costs, where it is known.
pub(super) fn on_demand(instance_type: &str) -> Option<PerHour> {
    let (family, size) = instance_type.split_once('.')?;
    let (_, large) = LARGE.iter().find(|(known, _)| *known == family)?;
    // In sixteenths of `large`.
    let factor = match size {
        "nano" => 1,
        "micro" => 2,
        "small" => 4,
        "medium" => 8,
        "large" => 16,
        "xlarge" => 32,
        _ => 32 * size.strip_suffix("xlarge")?.parse::<u64>().ok()?,
    };
    Some(PerHour::from_micros(large * factor / 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As <https://aws.amazon.com/ec2/pricing/on-demand/> lists them for Linux in us-east-1.
    #[test]
    fn sizes_of_a_family_cost_as_their_share_of_large() {
        for (instance_type, price) in [
            ("t3.medium", "0.0416"),
            ("t4g.medium", "0.0336"),
            ("t3.nano", "0.0052"),
            ("m5.24xlarge", "4.608"),
            ("c5.9xlarge", "1.53"),
            ("m7g.medium", "0.0408"),
            ("r6g.16xlarge", "3.2256"),
        ] {
            assert_eq!(on_demand(instance_type), price.parse().ok(), "{instance_type}");
        }
    }

    #[test]
    fn what_is_not_known_has_no_price() {
        for instance_type in ["p5.48xlarge", "m5.metal", "m5", "m5.24", "u-6tb1.112xlarge"] {
            assert_eq!(on_demand(instance_type), None, "{instance_type}");
        }
    }
}
