//! What the template says, and the time.

use crate::{Gate, Office, Workshop, Yard};
use domain::{
    PhaseError,
    ports::{Clock, Settings},
};

impl Settings for Yard {
    fn kubernetes_role_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:aws:iam::123456789012:role/bascule-kubernetes".to_owned())
    }

    fn functions_security_group(&self) -> Option<String> {
        self.grounds().functions_group.clone()
    }

    fn approval_url(&self) -> Result<String, PhaseError> {
        Err(PhaseError::refused("no approvals here"))
    }

    fn decide_arn(&self) -> Result<String, PhaseError> {
        Err(PhaseError::refused("no approvals here"))
    }

    fn observe_arn(&self) -> Result<String, PhaseError> {
        Err(PhaseError::refused("no approvals here"))
    }

    fn cleanup_machine_arn(&self) -> Result<String, PhaseError> {
        Err(PhaseError::refused("no schedules here"))
    }
}

impl Settings for Office {
    fn kubernetes_role_arn(&self) -> Result<String, PhaseError> {
        Err(PhaseError::refused("no clusters here"))
    }

    fn functions_security_group(&self) -> Option<String> {
        None
    }

    fn approval_url(&self) -> Result<String, PhaseError> {
        Ok("https://decide.example.com/".to_owned())
    }

    fn decide_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:decide".to_owned())
    }

    fn observe_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:observe".to_owned())
    }

    fn cleanup_machine_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:cleanup".to_owned())
    }
}

impl Clock for Yard {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

impl Clock for Gate {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

impl Clock for Workshop {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

impl Clock for Office {
    fn now(&self) -> jiff::Timestamp {
        *self.clock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
