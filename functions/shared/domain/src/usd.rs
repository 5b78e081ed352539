//! Prices and costs in US dollars, as AWS lists them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// US dollars an hour, in millionths of a dollar: no price of AWS has more digits. Written as AWS lists it, such as "0.0225".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PerHour(u64);

impl PerHour {
    /// From millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// What `count` of them cost in a day of 24 hours, in cents, rounded up.
    #[must_use]
    pub const fn cents_per_day(self, count: u64) -> u64 {
        self.0.saturating_mul(24).saturating_mul(count).div_ceil(10_000)
    }
}

impl FromStr for PerHour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("found {text:?}, expected US dollars an hour, such as \"0.096\"");
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 4) || !digits(part, 6) {
            return Err(refuse());
        }
        let number = |text: &str| text.parse::<u64>().map_err(|_| refuse());
        Ok(Self(number(whole)? * 1_000_000 + number(&format!("{part:0<6}"))?))
    }
}

impl fmt::Display for PerHour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl Serialize for PerHour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PerHour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Cents as people write dollars.
#[must_use]
pub fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// $0.10 an hour for a control plane (<https://aws.amazon.com/eks/pricing/>), $0.0225 for a Network Load Balancer in us-east-1
    /// (<https://aws.amazon.com/elasticloadbalancing/pricing/>).
    #[test]
    fn prices_an_hour_become_cents_a_day() {
        for (price, count, cents) in
            [("0.10", 1, 240), ("0.0225", 1, 54), ("0.096", 3, 692), ("12", 1, 28_800), ("0", 9, 0)]
        {
            assert_eq!(price.parse::<PerHour>().unwrap().cents_per_day(count), cents, "{price}");
        }
    }

    #[test]
    fn a_price_is_written_with_digits_alone() {
        for wrong in ["", ".", "1.", ".5", "-1", "1e3", "0,5", "0.1234567", "12345", "0.1 "] {
            assert!(wrong.parse::<PerHour>().is_err(), "{wrong:?}");
        }
        let kept = serde_json::to_string(&"0.0225".parse::<PerHour>().unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<PerHour>(&kept).unwrap(), PerHour::from_micros(22_500));
    }

    #[test]
    fn cents_are_written_as_dollars() {
        assert_eq!((dollars(0), dollars(294), dollars(100_005)), ("$0.00".into(), "$2.94".into(), "$1000.05".into()));
    }
}
