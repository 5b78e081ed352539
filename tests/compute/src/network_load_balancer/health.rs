//! A target's health, computed from the results of its checks.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html>

/// The health state of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Registered and not checked yet.
    #[default]
    Registering,
    /// Checked, and not yet healthy or unhealthy.
    Initial,
    /// Receives flows.
    Healthy,
    /// Receives flows only if no target is healthy.
    Unhealthy,
}

/// A target's health state and its run of equal results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Health {
    standing: Standing,
    last: bool,
    run: u32,
}

impl Health {
    /// The health state.
    pub(crate) fn standing(self) -> Standing {
        self.standing
    }

    /// The health after one more check. A new target is healthy after one success; later changes take as many consecutive
    /// results as the thresholds.
    pub(crate) fn after(self, success: bool, healthy: u32, unhealthy: u32) -> Self {
        let fresh = matches!(self.standing, Standing::Registering | Standing::Initial);
        let run = if self.last == success { self.run + 1 } else { 1 };
        let standing = match (success, self.standing) {
            (true, _) if fresh || run >= healthy => Standing::Healthy,
            (false, _) if run >= unhealthy => Standing::Unhealthy,
            (_, Standing::Registering) => Standing::Initial,
            (_, standing) => standing,
        };
        Self { standing, last: success, run }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(results: &[bool]) -> Standing {
        results.iter().fold(Health::default(), |health, result| health.after(*result, 3, 2)).standing()
    }

    #[test]
    fn a_new_target_is_healthy_after_one_success() {
        assert_eq!(after(&[]), Standing::Registering);
        assert_eq!(after(&[true]), Standing::Healthy);
        assert_eq!(after(&[false]), Standing::Initial);
        assert_eq!(after(&[false, true]), Standing::Healthy);
    }

    #[test]
    fn a_target_becomes_unhealthy_after_the_threshold_of_failures_in_a_row() {
        assert_eq!(after(&[true, false]), Standing::Healthy);
        assert_eq!(after(&[true, false, true, false]), Standing::Healthy);
        assert_eq!(after(&[true, false, false]), Standing::Unhealthy);
        assert_eq!(after(&[false, false]), Standing::Unhealthy);
    }

    #[test]
    fn an_unhealthy_target_is_healthy_again_after_the_threshold_of_successes_in_a_row() {
        assert_eq!(after(&[false, false, true, true]), Standing::Unhealthy);
        assert_eq!(after(&[false, false, true, true, true]), Standing::Healthy);
        assert_eq!(after(&[false, false, true, true, false, true]), Standing::Unhealthy);
    }
}
