//! Health checks on real sockets.

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::AbortHandle,
};

use super::health::{Health, Standing};
use crate::{
    account::Account,
    elasticloadbalancing::{health_check::HealthCheck, target, target_group},
};

/// Minimum time-out of a check, so that a busy machine does not make targets unhealthy.
const LEAST_TIMEOUT: Duration = Duration::from_secs(2);

/// Interval at which an unused target checks whether a load balancer uses it.
const UNUSED: Duration = Duration::from_millis(50);

/// The next check of a target.
struct Next {
    address: Ipv4Addr,
    port: u16,
    check: HealthCheck,
}

/// Checks a target until it is deregistered.
pub(crate) fn start(account: &Arc<Account>, group: &str, key: &(String, u16)) -> AbortHandle {
    let (task, group, key) = (Arc::clone(account), group.to_owned(), key.clone());
    account.spawn(async move {
        tokio::time::sleep(task.delays().register).await;
        loop {
            let Some(next) = next(&task, &group, &key) else {
                tokio::time::sleep(UNUSED).await;
                continue;
            };
            let scale = task.delays().target_scale;
            let timeout = Duration::from_secs(next.check.timeout.into()).mul_f64(scale).max(LEAST_TIMEOUT);
            let success = tokio::time::timeout(timeout, passes(&next)).await.unwrap_or(false);
            record(&task, &group, &key, success, &next.check);
            tokio::time::sleep(Duration::from_secs(next.check.interval.into()).mul_f64(scale)).await;
        }
    })
}

/// The next check of a target; `None` unless a listener of an active load balancer forwards to the target group.
fn next(account: &Account, group: &str, key: &(String, u16)) -> Option<Next> {
    let mut state = account.state();
    let used = target_group::balancers_of(&state, group)
        .iter()
        .any(|balancer| state.load_balancers.get(*balancer).is_some_and(|balancer| balancer.active));
    let address = target::address(&state, &key.0);
    let group = state.target_groups.get_mut(group)?;
    let check = group.health_check.clone();
    let target = group.targets.get_mut(key)?;
    if !used {
        target.health = Health::default();
        return None;
    }
    let port = check.port.parse().unwrap_or(key.1);
    Some(Next { address: address?, port, check })
}

fn record(account: &Account, group: &str, key: &(String, u16), success: bool, check: &HealthCheck) {
    let mut state = account.state();
    let Some(group) = state.target_groups.get_mut(group) else { return };
    let terminate = group.is_on("target_health_state.unhealthy.connection_termination.enabled");
    let Some(target) = group.targets.get_mut(key) else { return };
    let before = target.health.standing();
    target.health = target.health.after(success, check.healthy, check.unhealthy);
    if before == Standing::Healthy && target.health.standing() == Standing::Unhealthy {
        tracing::info!(target = key.0, port = key.1, "the target became unhealthy");
        // "By default, connections established to unhealthy targets are terminated", unless all are unhealthy.
        if terminate
            && group.targets.values().any(target::Target::is_healthy)
            && let Some(target) = group.targets.get(key)
        {
            target.flows.cut();
        }
    }
}

async fn passes(next: &Next) -> bool {
    let address = SocketAddrV4::new(next.address, next.port);
    let Ok(mut stream) = TcpStream::connect(address).await else { return false };
    let Some(path) = &next.check.path else { return true };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: ELB-HealthChecker/2.0\r\nConnection: close\r\n\r\n"
    );
    if stream.write_all(request.as_bytes()).await.is_err() {
        return false;
    }
    let mut head = [0_u8; 64];
    let mut length = 0;
    // A server may send the status line in several segments.
    while length < 12 {
        match stream.read(&mut head[length..]).await {
            Ok(0) | Err(_) => return false,
            Ok(more) => length += more,
        }
    }
    let status = std::str::from_utf8(&head[..12])
        .ok()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    status.is_some_and(|status| matches(next.check.matcher.as_deref().unwrap_or("200-399"), status))
}

/// Whether a status matches a list or range such as `200`, `200,202` or `200-299`.
fn matches(matcher: &str, status: u16) -> bool {
    matcher.split(',').any(|part| {
        let (least, most) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        matches!((least.parse::<u16>(), most.parse::<u16>()), (Ok(least), Ok(most)) if (least..=most).contains(&status))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_is_a_list_of_codes_and_ranges() {
        assert!(matches("200-399", 302) && !matches("200-399", 404));
        assert!(matches("200, 404", 404) && !matches("200,404", 301));
    }
}
