//! Why DynamoDB cancelled a transaction
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>).

use aws_sdk_dynamodb::{error::SdkError, operation::transact_write_items::TransactWriteItemsError};

/// What the reasons come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cancellation {
    /// A condition of a change itself does not hold: trying again cannot help.
    Unmet,
    /// Another writer was faster: read again, and try again.
    Collided,
    /// The table or the account is at its limit: try again later.
    Throttled,
}

impl Cancellation {
    /// Of the answer to a transaction whose first items are its `changes`; nothing where it failed otherwise.
    pub(super) fn of<R>(error: &SdkError<TransactWriteItemsError, R>, changes: usize) -> Option<Self> {
        match error.as_service_error()? {
            TransactWriteItemsError::TransactionCanceledException(canceled) => {
                let reasons = canceled.cancellation_reasons().iter();
                Self::judge(&reasons.map(|reason| reason.code().unwrap_or_default()).collect::<Vec<_>>(), changes)
            }
            TransactWriteItemsError::TransactionInProgressException(_) => Some(Self::Collided),
            _ => None,
        }
    }

    /// The reasons' codes are in the order of the items.
    fn judge(codes: &[&str], changes: usize) -> Option<Self> {
        let failed = |code: &&str| *code == "ConditionalCheckFailed";
        if codes.iter().take(changes).any(failed) {
            Some(Self::Unmet)
        } else if codes.iter().any(|code| failed(code) || *code == "TransactionConflict") {
            Some(Self::Collided)
        } else if codes.iter().any(|code| ["ThrottlingError", "ProvisionedThroughputExceeded"].contains(code)) {
            Some(Self::Throttled)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Cancellation::{self, Collided, Throttled, Unmet};

    #[test]
    fn reasons_of_changes_are_told_from_those_of_the_counter() {
        for (codes, expected) in [
            (["ConditionalCheckFailed", "None", "None"], Some(Unmet)),
            (["None", "None", "ConditionalCheckFailed"], Some(Collided)),
            (["None", "ConditionalCheckFailed", "None"], Some(Collided)),
            (["TransactionConflict", "None", "None"], Some(Collided)),
            (["None", "ThrottlingError", "None"], Some(Throttled)),
            (["ProvisionedThroughputExceeded", "None", "None"], Some(Throttled)),
            (["ValidationError", "None", "None"], None),
        ] {
            assert_eq!(Cancellation::judge(&codes, 1), expected, "{codes:?}");
        }
    }
}
