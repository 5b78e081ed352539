//! Health check settings of target groups.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-health-checks.html>

use crate::query_protocol::{Fault, Parameters};

/// Health check settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HealthCheck {
    /// The protocol, `TCP` or `HTTP`.
    pub(crate) protocol: String,
    /// A port's number, or `traffic-port`.
    pub(crate) port: String,
    /// Interval in seconds, 5 to 300.
    pub(crate) interval: u32,
    /// Time-out in seconds, 2 to 120.
    pub(crate) timeout: u32,
    /// Consecutive successes before an unhealthy target is healthy, 2 to 10.
    pub(crate) healthy: u32,
    /// Consecutive failures before a healthy target is unhealthy, 2 to 10.
    pub(crate) unhealthy: u32,
    /// The path of HTTP checks.
    pub(crate) path: Option<String>,
    /// The status codes of success: `200`, `200,201` or `200-399`.
    pub(crate) matcher: Option<String>,
}

impl HealthCheck {
    /// Reads the settings of a create request, with the documented defaults.
    pub(crate) fn read(sent: &Parameters) -> Result<Self, Fault> {
        let protocol = sent.get("HealthCheckProtocol").unwrap_or("TCP").to_owned();
        if !matches!(protocol.as_str(), "TCP" | "HTTP") {
            return Err(Fault::validation(format!(
                "Health check protocol '{protocol}' is not simulated, only TCP and HTTP"
            )));
        }
        let http = protocol == "HTTP";
        if !http && (sent.get("HealthCheckPath").is_some() || sent.get("Matcher.HttpCode").is_some()) {
            return Err(Fault::new(
                "InvalidConfigurationRequest",
                "Health check path and matcher are not supported for TCP health checks",
            ));
        }
        let number = |name: &str, least: i64, most: i64, default: u32| -> Result<u32, Fault> {
            Ok(sent.number(name, least, most)?.and_then(|value| u32::try_from(value).ok()).unwrap_or(default))
        };
        let port = sent.get("HealthCheckPort").unwrap_or("traffic-port").to_owned();
        if port != "traffic-port" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(Fault::validation(format!(
                "Health check port '{port}' must be in the range 1-65535 or 'traffic-port'"
            )));
        }
        let text = |name: &str, default: &str| http.then(|| sent.get(name).unwrap_or(default).to_owned());
        let check = Self {
            interval: number("HealthCheckIntervalSeconds", 5, 300, 30)?,
            timeout: number("HealthCheckTimeoutSeconds", 2, 120, if http { 6 } else { 10 })?,
            healthy: number("HealthyThresholdCount", 2, 10, 5)?,
            unhealthy: number("UnhealthyThresholdCount", 2, 10, 2)?,
            path: text("HealthCheckPath", "/"),
            matcher: text("Matcher.HttpCode", "200-399"),
            protocol,
            port,
        };
        if check.timeout > check.interval {
            return Err(Fault::validation("Health check timeout must be smaller than or equal to the interval"));
        }
        Ok(check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tcp_checks_have_the_documented_defaults() {
        let check = HealthCheck::read(&Parameters::default()).unwrap();
        assert_eq!((check.interval, check.timeout, check.healthy, check.unhealthy), (30, 10, 5, 2));
        assert_eq!((check.port.as_str(), check.path, check.matcher), ("traffic-port", None, None));
    }

    #[test]
    fn http_checks_have_a_path_and_a_matcher_and_tcp_checks_may_not() {
        let http = HealthCheck::read(&Parameters::parse("HealthCheckProtocol=HTTP")).unwrap();
        assert_eq!((http.path.as_deref(), http.matcher.as_deref(), http.timeout), (Some("/"), Some("200-399"), 6));
        assert!(HealthCheck::read(&Parameters::parse("HealthCheckPath=/ping")).is_err());
    }
}
