//! What every engine of the store promises. An engine says how it opens (a [`World`] on an empty
//! database) and passes: `contract!(open)` makes a test of every function listed here, in a module per
//! slice.
/// Runs a command and expects it to commit: `run!(world, tx, name, other => tx.do_this(&name).await)`.
/// The names are cloned into it, for a command may be run again.
macro_rules! run {
    ($($all:tt)*) => { try_run!($($all)*).expect("it commits") };
}

/// Runs a command; what the store answered.
macro_rules! try_run {
    ($world:expr, $tx:ident $(, $cloned:ident)* => $body:expr) => {{
        $(let $cloned = $cloned.clone();)*
        $world.store.transact("test", move |$tx| {
            $(let $cloned = $cloned.clone();)*
            Box::pin(async move { $body })
        }).await
    }};
}

/// Runs a query on a snapshot.
macro_rules! see {
    ($world:expr, $tx:ident $(, $cloned:ident)* => $body:expr) => {{
        $(let $cloned = $cloned.clone();)*
        $world.store.read("test", move |$tx| {
            $(let $cloned = $cloned.clone();)*
            Box::pin(async move { $body })
        }).await.expect("it can be read")
    }};
}
/// Makes the tests of an engine: `open` is an `async fn() -> World` at the root of the test.
macro_rules! contract {
    ($open:ident) => {
        contract_of_rows!($open);
        contract_of_transactions!($open);
    };
}

/// What concerns commands that run beside each other.
macro_rules! contract_of_transactions {
    ($open:ident) => {
        tests!($open
            transactions {
                a_command_that_fails_after_it_wrote_is_undone_alone
                a_panic_undoes_its_command_and_the_store_goes_on
                what_an_undone_command_said_is_never_heard_and_its_places_are_given_back
                an_undone_endpoint_is_subscribed_to_nothing
                an_undone_change_of_an_endpoint_is_not_seen
                an_undone_type_is_unknown
                an_undone_namespace_is_made_by_the_next_who_names_it
                an_answer_comes_after_the_commit_was_told
                what_kinds_of_rows_changed_is_told_once_a_commit_and_workspace
                a_query_cannot_write
                a_query_sees_one_snapshot
                a_command_that_waits_is_an_error
                closing_finishes_what_waits_and_takes_nothing_more
                sequence_numbers_rise_over_failures_and_concurrency
            }
            approval_orders {
                money_moves_only_after_approved_and_once_in_orders_that_are_drawn
            }
            spend_walls {
                an_agents_key_buys_from_its_own_wallets_and_ends_its_own_holds
                a_prepaid_budget_that_is_topped_up_tells_its_thresholds_again
                a_day_may_see_more_come_back_than_an_integer_of_nano_dollars_holds
            }
            spend_undone {
                an_undone_purchase_leaves_balances_sums_and_events_as_the_good_ones_made_them
                what_an_undone_purchase_took_is_there_for_the_next_in_its_commit
                an_undone_change_of_a_wallet_is_not_seen
            }
        );
    };
}

/// What concerns rows.
macro_rules! contract_of_rows {
    ($open:ident) => {
        tests!($open
            workspace {
                a_key_is_found_by_its_hash_alone
                keys_are_paged_newest_first_without_gaps_or_repeats
                a_revoked_key_is_found_but_not_listed
                when_a_key_was_used_only_moves_forward
                a_namespace_is_known_once_and_forgotten_with_its_keys
                an_answer_is_kept_per_workspace_route_and_key
                answers_that_expired_are_swept_and_others_stay
                another_workspace_sees_no_keys_namespaces_or_answers
                a_sandbox_goes_with_everything_in_it_and_nothing_else_goes
                sandboxes_are_bounded_at_once_and_by_the_minute
            }
            session {
                sessions_and_links_come_back_as_they_went_in_until_they_are_removed
                what_has_expired_is_swept_a_chunk_at_a_time_and_the_rest_stays
                a_link_for_once_logs_in_once_also_when_it_is_opened_twice_at_once
                a_portals_link_opens_until_it_expires_or_its_key_is_revoked
                the_owner_key_is_found_and_nobody_elses
            }
            audit {
                each_workspace_has_a_chain_without_gaps
                writers_beside_each_other_leave_one_chain
                an_undone_command_leaves_no_gap
                entries_are_paged_newest_first_and_filtered
            }
            event {
                alerts_are_found_among_other_events
                seq_rises_in_commit_order_even_when_the_clock_steps_back
                an_event_comes_back_as_it_went_in
                pages_run_newest_first_without_gaps_or_repeats
                filters_take_by_type_family_namespace_and_time
                a_text_is_found_in_whatever_case_and_a_look_has_an_end
                reading_on_never_skips_and_tells_how_far_it_looked
                a_callers_id_is_unique_in_its_workspace_only
                a_custom_type_is_replaced_and_listed_by_name
                another_workspace_sees_no_events_or_types
            }
            delivery {
                an_endpoint_comes_back_as_it_went_in
                endpoints_are_paged_and_listed_by_namespace
                health_and_hours_are_kept_and_added_up
                an_overview_adds_up_minutes_and_counts_what_is_owed_and_dead
                counts_and_pages_equal_a_count_by_hand
                attempts_are_numbered_by_the_store_and_come_back_whole
                a_deleted_endpoint_is_invisible_at_once
                another_workspace_sees_nothing_of_an_endpoint_or_its_deliveries
            }
            listing {
                deliveries_are_found_by_type_by_how_an_id_begins_and_by_their_tenant
                of_many_endpoints_pages_are_whole_and_nothing_is_counted
                a_page_ends_where_its_look_does_and_the_next_goes_on_there
            }
            version {
                every_version_of_an_endpoint_can_be_looked_up
                a_version_stays_while_an_attempt_may_name_it
            }
            retention {
                retention_takes_the_oldest_first_and_an_event_after_its_deliveries
                retention_lets_the_next_of_a_key_go
                an_event_never_leaves_a_delivery_behind
                nothing_is_kept_of_an_attempt_that_ends_after_its_endpoint_was_removed
            }
            queue {
                a_delivery_is_held_then_succeeds
                a_delivery_that_fails_is_due_again_or_dead
                a_settlement_under_an_old_lease_changes_nothing
                a_lease_that_ended_can_be_claimed_again
                a_claim_takes_the_longest_due_first_and_no_more_than_asked
                a_released_delivery_is_due_without_an_attempt
                a_retry_counts_attempts_anew
                one_delivery_can_be_held_before_it_is_due
                a_lease_moves_only_while_it_is_held
                expired_leases_are_told
                only_approvals_are_exempt
                endpoints_with_something_due_are_found_page_by_page
                the_backlog_is_counted_by_age_up_to_a_bound
                the_deliveries_of_a_key_go_one_after_the_other
                a_delivery_handed_over_in_memory_is_leased_on_disk
            }
            order {
                keys_stay_in_order_whatever_happens
            }
            approval_posts {
                a_post_is_taken_by_one_and_again_when_its_lease_ends
                the_end_is_said_to_whom_it_was_asked_also_if_it_came_in_the_middle
                an_approval_is_undeliverable_once_every_channel_failed_six_times
            }
            outbox {
                a_publisher_begins_once_and_is_shown_every_event_of_every_workspace
                only_who_holds_a_publisher_where_it_is_moves_it_on
            }
            spend {
                a_wallet_comes_back_as_it_went_in
                a_spend_takes_from_every_ancestor_or_from_none
                a_tree_is_at_most_eight_deep_and_of_one_namespace_and_kind_of_money
                foreign_workspaces_and_namespaces_see_nothing
                a_budget_starts_anew_with_its_month_and_a_prepaid_one_never_does
                a_day_begins_at_the_midnight_of_its_zone_also_when_clocks_are_changed
                a_clock_set_back_brings_no_period_back_and_zeroes_no_fresh_spend
                a_clock_set_back_keeps_a_whole_tree_in_one_period
                what_is_held_is_carried_over_into_the_next_period
                a_refund_frees_only_the_period_it_was_spent_in
                a_budget_cut_below_what_is_spent_leaves_nothing_and_breaks_nothing
            }
            spend_holds {
                a_hold_is_captured_in_part_or_whole_and_the_rest_is_released
                a_hold_ends_once_and_the_first_end_wins
                what_has_expired_is_free_at_once_although_nobody_swept
                a_capture_after_the_end_of_a_hold_says_that_it_expired
                a_sweep_releases_what_is_overdue_and_nothing_twice
                a_freeze_stops_grants_below_it_but_no_capture_and_no_refund
            }
            spend_told {
                a_runaway_loop_is_told_once_and_counted_not_alerted_per_request
                the_wallet_that_blocks_is_told_of_whoever_asked
                each_threshold_is_told_once_a_period_also_when_several_are_passed_at_once
                thresholds_fire_for_every_order_of_small_steps
                what_is_told_is_exact_to_the_nano_dollar
            }
            spend_limits {
                a_purchase_above_the_maximum_is_refused_frozen_for_or_only_told
                a_sliding_minute_is_exact_to_the_microsecond_for_sums_and_counts
                a_limit_that_is_changed_forgets_nothing_of_the_last_minute
                what_was_refused_counts_in_no_minute
                a_loop_is_told_at_its_twentieth_purchase_and_stopped_before_the_next
                a_loop_is_found_over_an_hour_and_with_the_clock_set_back
                a_loop_is_what_the_wallet_says_it_is_and_slow_repeats_are_none
                a_spike_is_told_against_the_median_once_in_its_window
            }
            spend_analytics {
                analytics_equal_a_count_by_hand_for_any_span_and_filter
                sums_are_exact_above_what_an_integer_holds
                purchases_are_paged_newest_first_and_filtered
            }
            policy {
                a_policy_comes_back_as_it_went_in_and_keeps_every_version
                a_wallet_names_a_policy_that_its_key_sees_and_that_is_its_own
                a_denied_request_is_told_and_kept_and_changes_nothing
                a_cap_counts_over_what_its_policy_is_attached_to
                what_comes_back_is_free_again_on_its_own_day
                a_cap_that_begins_late_counts_what_was_granted_before
                an_undone_purchase_counts_for_nothing_and_an_undone_policy_is_not_in_force
            }
            spend_sums {
                hours_and_days_are_added_up_at_any_moment_and_answers_stay_exact
                what_is_paid_while_an_hour_is_added_up_is_in_it_once
            }
            jobs {
                a_replay_commits_its_progress_chunk_by_chunk
                a_turn_that_runs_twice_does_nothing_twice
                a_replay_takes_only_what_its_plan_names
                missing_makes_exactly_what_is_missing
                jobs_are_paged_and_open_ones_listed
            }
        );
    };
}

macro_rules! tests {
    ($open:ident $($slice:ident { $($name:ident)* })*) => {
        $(mod $slice {
            $(
                #[tokio::test]
                async fn $name() {
                    crate::contract::$slice::$name(crate::$open().await).await;
                }
            )*
        })*
    };
}

pub(crate) mod approval_orders;
pub(crate) mod approval_posts;
pub(crate) mod audit;
pub(crate) mod delivery;
pub(crate) mod event;
pub(crate) mod jobs;
pub(crate) mod listing;
pub(crate) mod order;
pub(crate) mod outbox;
pub(crate) mod policy;
pub(crate) mod queue;
pub(crate) mod retention;
pub(crate) mod session;
pub(crate) mod spend;
pub(crate) mod spend_analytics;
pub(crate) mod spend_holds;
pub(crate) mod spend_limits;
pub(crate) mod spend_model;
mod spend_reference;
pub(crate) mod spend_sums;
pub(crate) mod spend_told;
pub(crate) mod spend_undone;
pub(crate) mod spend_walls;
pub(crate) mod till;
pub(crate) mod transactions;
pub(crate) mod version;
pub(crate) mod workspace;
mod world;

#[allow(unused_imports, reason = "each engine uses what it needs")]
pub(crate) use world::{Recorder, START, World, left, namespace, new_event};
