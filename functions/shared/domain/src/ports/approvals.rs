//! The ledger's APPROVAL and ALARM items: questions to people, and the alarms that migrations watch.

use crate::{
    Migration, MigrationId, PhaseError,
    approval::{Answer, Asked, Question, Tried},
};
use std::future::Future;

/// The ledger's APPROVAL and ALARM items.
pub trait Approvals: Sync {
    /// Stores a question with its token. Asking under the same number replaces the token of an unanswered question: Step
    /// Functions gives a new one to each try of the state. `Conflict` where the question has been answered.
    fn ask(&self, migration: &Migration, asked: &Asked) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// The last question of this kind, read consistently.
    fn asked(
        &self,
        id: &MigrationId,
        question: Question,
    ) -> impl Future<Output = Result<Option<Asked>, PhaseError>> + Send;

    /// Stores the answer, once: `Conflict` where there is another one already, `Refused` where nobody asked under this number.
    fn answer(
        &self,
        id: &MigrationId,
        question: (Question, u32),
        answer: &Answer,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Stores the yes of one of several people who must say it; of the same person ([`Answer::person`]) once. `Refused` where nobody
    /// asked under this number.
    fn speak(
        &self,
        id: &MigrationId,
        question: (Question, u32),
        voice: &Answer,
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Those who have said yes so far, in the order in which they did.
    fn voices(
        &self,
        id: &MigrationId,
        question: (Question, u32),
    ) -> impl Future<Output = Result<Vec<Answer>, PhaseError>> + Send;

    /// Counts a try of a code, in the window of time with this number (later ones have larger numbers). False where `most` were counted
    /// in it before, or in a later window.
    fn count_try(
        &self,
        id: &MigrationId,
        tried: Tried,
        window: i64,
        most: u32,
    ) -> impl Future<Output = Result<bool, PhaseError>> + Send;

    /// The migrations that watch this alarm.
    fn watchers(&self, alarm_arn: &str) -> impl Future<Output = Result<Vec<MigrationId>, PhaseError>> + Send;

    /// Begins to watch alarms for a migration.
    fn watch(
        &self,
        migration: &Migration,
        alarm_arns: &[String],
    ) -> impl Future<Output = Result<(), PhaseError>> + Send;

    /// Ends watching.
    fn unwatch(&self, id: &MigrationId, alarm_arns: &[String]) -> impl Future<Output = Result<(), PhaseError>> + Send;
}
