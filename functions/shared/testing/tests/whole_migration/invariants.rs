//! What holds all the time, and in the end: design, section 7.

mod audit;
mod belongings;
mod copies;
mod end;
mod filed;
mod likeness;
mod states;
mod things;
mod told;
mod traffic;

pub(crate) use end::{Remains, difference, in_the_end};

use domain::MigrationId;
use domain::ports::migrations::Life;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use testing::{Account, Aws, Record};
use things::Things;

/// What is known from outside: the account before the migration, every token that a task has waited for, and what was shown.
#[derive(Debug, Clone)]
pub(crate) struct Witness {
    pub(crate) id: MigrationId,
    pub(crate) before: Rc<Aws>,
    /// What was there before.
    things: Rc<Things>,
    /// The digest of the plan, as it was opened.
    digest: OnceCell<String>,
    pub(crate) tokens: BTreeSet<String>,
    /// Pages that people saw, and what schedules call with.
    pub(crate) shown: BTreeSet<String>,
    /// Invocations that were given up.
    pub(crate) dead_letters: usize,
}

impl Witness {
    pub(crate) fn new(account: &Account, id: &MigrationId) -> Self {
        let before = Rc::new(account.aws().clone());
        let things = Rc::new(things::everything(&before));
        Self {
            id: id.clone(),
            before,
            things,
            digest: OnceCell::new(),
            tokens: BTreeSet::new(),
            shown: BTreeSet::new(),
            dead_letters: 0,
        }
    }

    /// The digest of the plan, which never changes: that is checked in the end.
    fn digest(&self, record: &Record) -> &str {
        self.digest.get_or_init(|| record.plan.digest())
    }
}

/// What there is at one moment.
pub(crate) struct Sight<'a> {
    pub(crate) witness: &'a Witness,
    pub(crate) aws: &'a Aws,
    pub(crate) record: &'a Record,
    things: Things,
}

impl<'a> Sight<'a> {
    fn new(witness: &'a Witness, aws: &'a Aws, record: &'a Record) -> Self {
        Self { witness, aws, record, things: things::everything(aws) }
    }

    pub(crate) const fn life(&self) -> Life {
        self.record.meta.life
    }
}

/// What must hold after everything that happens. Before preflight has opened the migration nothing is changed.
pub(crate) fn now(account: &Account, witness: &Witness) -> Result<(), String> {
    let (aws, table) = (account.aws(), account.table());
    let Some(record) = table.migrations.get(&witness.id) else {
        return belongings::nothing_has_changed(&witness.before, &aws);
    };
    let sight = Sight::new(witness, &aws, record);
    let backends = traffic::backends(&sight)?;
    traffic::the_stage_points_at_live_validated_backends(&sight, &backends)?;
    traffic::no_request_reaches_green_without_a_valid_approval(&sight, &backends)?;
    belongings::blue_is_deleted_only_after_a_good_bake_and_only_what_was_approved(&sight)?;
    belongings::everything_new_is_known_to_the_ledger(&sight)?;
    belongings::everything_is_created_once(&sight)?;
    belongings::pods_get_their_roles(&sight)?;
    belongings::green_is_in_auto_mode_as_blue_was(&sight)?;
    belongings::blues_mode_is_changed_only_where_the_input_allows_it(&sight)?;
    belongings::what_the_user_had_on_green_is_there(&sight)?;
    belongings::no_data_of_blue_is_deleted(&sight)?;
    copies::they_are_whole_and_come_before_what_has_them(&sight)?;
    copies::green_may_attach_them(&sight)?;
    states::both_are_as_before_or_both_as_after_unless_locked(&sight)?;
    audit::the_locks_are_held_while_the_migration_is_under_way(&sight, &table)
}
