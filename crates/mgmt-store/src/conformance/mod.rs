//! What every store must do, as plain functions, each over an empty, migrated store of its own.
//!
//! [`conformance_tests!`](crate::conformance_tests) turns the whole list into named tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "these functions are tests: a failed expectation is a failed test"
)]

mod accounts;
mod bench;
mod counters;
mod foreign_hashes;
mod invitations;
mod journals;
mod keys;
mod leases;
mod projects;
mod quotas;
mod reveals;
mod sessions;
mod shipping;
mod transactions;
mod usage;
mod webhooks;

pub use self::{
    accounts::*, counters::*, foreign_hashes::*, invitations::*, journals::*, keys::*, leases::*, projects::*, quotas::*,
    reveals::*, sessions::*, shipping::*, transactions::*, usage::*, webhooks::*,
};

/// Makes a test of every function in [`conformance`](crate::conformance). The expression opens a new, empty, migrated store;
/// it gives an `Arc<dyn Store>`, or anything else that dereferences to a `dyn Store`, and may `return` to skip.
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr) => {
        $crate::conformance_tests! { @each $make;
            migrating_again_changes_nothing
            commits_are_seen
            errors_roll_back
            panics_roll_back_and_go_on
            failed_statements_spoil_their_transaction
            reading_transactions_cannot_write
            readers_see_whole_transactions
            writers_do_not_starve
            failures_of_some_undo_nothing_of_others

            organizations_round_trip
            slugs_are_unique
            there_is_one_operator
            organizations_are_listed_newest_first
            organization_updates_are_guarded
            locks_serialise
            users_round_trip
            addresses_are_unique
            memberships_round_trip
            memberships_are_listed
            the_last_owner_stays

            invitations_round_trip
            invitations_are_used_once
            invitations_are_listed
            password_resets_replace_each_other
            keys_are_listed_by_maker

            sessions_round_trip
            sessions_are_refreshed_until_they_end
            sessions_of_a_person_end_together
            ended_sessions_are_forgotten
            refresh_tokens_are_spent_once

            keys_round_trip
            keys_are_issued_with_all_their_rows
            keys_are_issued_within_their_limit
            keys_belong_to_one_organization
            keys_are_listed_in_pages
            active_keys_of_all_are_listed
            key_conditions_are_those_of_the_rules
            key_updates_are_guarded
            last_use_only_moves_forward

            foreign_hashes_round_trip
            foreign_hashes_are_adopted_once
            foreign_hashes_are_adopted_once_under_concurrency

            projects_round_trip
            projects_go_with_what_hangs_on_them
            project_members_round_trip
            project_parts_round_trip

            reveals_round_trip
            reveal_reads_are_counted
            reveal_reads_are_never_given_twice
            bucket_keys_are_kept_once
            bucket_keys_are_shared_by_all_who_look_first
            expired_reveals_are_forgotten

            idempotency_round_trips
            idempotency_records_expire
            one_idempotency_record_wins
            usage_is_added_once
            usage_is_listed_by_range
            usage_adds_up_under_concurrency
            usage_is_summed_by_minute_and_outcome
            usage_is_rolled_up_to_hours
            usage_is_rolled_up_once_under_concurrency
            usage_adds_up_in_batches_of_any_size
            old_usage_is_forgotten
            throttles_count
            throttles_count_under_concurrency
            settings_are_set_once

            quotas_give_until_the_limit
            quotas_give_enough_or_nothing
            quotas_start_anew
            used_units_are_listed
            quotas_take_units_back
            quotas_may_change_their_period
            quotas_follow_a_lowered_limit
            quotas_are_never_over_issued

            webhooks_round_trip
            webhooks_are_listed
            events_wait_and_are_listed
            events_that_nobody_is_told_do_not_wait
            deliveries_are_claimed_once
            deliveries_are_claimed_apart_under_concurrency
            queues_tell_what_is_due
            deliveries_are_stopped_and_repeated
            quota_marks_are_left_once
            expiring_keys_have_one_notice
            send_outs_are_sent_once
            send_outs_are_stopped_and_repeated

            invalidations_are_numbered
            invalidations_keep_their_numbering
            invalidations_have_no_gaps_that_fill_later
            node_leases_are_granted_to_those_who_follow
            node_leases_are_acknowledged_and_released
            node_leases_stand_apart_from_changes
            audit_entries_read_back_as_they_were_hashed
            audit_chains_are_apart
            audit_chains_hold_under_concurrency
            audit_entries_are_found
            audit_heads_are_sealed

            shipments_round_trip
            shipment_updates_are_not_lost
            shipments_are_filtered
            shipments_are_found_by_any_part
            shipments_are_found_by_composed_members
            shipments_of_several_values_are_one_list
            trackers_round_trip
            trackers_are_found_by_request
            rate_sheets_round_trip
        }
    };
    (@each $make:expr; $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let store = $make;
                $crate::conformance::$name(&*store);
            }
        )*
    };
}
