//! What infra/template.yaml tells the functions, and the time.

use super::Account;
use domain::PhaseError;
use domain::archive::Archive;
use domain::ports::{Clock, Settings};

impl Settings for Account {
    fn kubernetes_role_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:aws:iam::123456789012:role/bascule-kubernetes".to_owned())
    }

    fn functions_security_group(&self) -> Option<String> {
        self.aws().functions_group.clone()
    }

    fn irsa_roles(&self) -> Option<String> {
        self.aws().irsa_roles.clone()
    }

    fn approval_url(&self) -> Result<String, PhaseError> {
        Ok("https://decide.example.com/".to_owned())
    }

    fn approvers_sign(&self) -> bool {
        self.aws().approvers_sign
    }

    fn archive(&self) -> Option<Archive> {
        self.people().archive.clone()
    }

    fn decide_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:aws:lambda:eu-central-1:123456789012:function:bascule-decide".to_owned())
    }

    fn observe_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:aws:lambda:eu-central-1:123456789012:function:bascule-observe".to_owned())
    }

    fn cleanup_machine_arn(&self) -> Result<String, PhaseError> {
        Ok("arn:aws:states:eu-central-1:123456789012:stateMachine:bascule-cleanup".to_owned())
    }
}

impl Clock for Account {
    fn now(&self) -> jiff::Timestamp {
        self.aws().now()
    }

    async fn sleep(&self, duration: jiff::SignedDuration) {
        self.wait(duration);
    }
}
