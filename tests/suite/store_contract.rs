//! What a store is: one list of tests over every store.
//!
//! A [`Ground`] is what a store stands on: gateways that are opened on one ground share all data,
//! as several gateways on one server do.

mod audit;
mod changes;
mod copies;
mod decisions;
mod deliveries;
mod documents;
mod embedded;
pub mod encrypted;
pub mod facts;
mod failovers;
mod formats;
mod found;
mod going_back;
mod items;
mod model;
mod people;
mod quotas;
mod redis;
pub mod replicas;
pub mod servers;
pub mod tls;
mod torn;
mod turns;

use std::sync::Arc;

use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;

/// What the gateways of one test share.
pub trait Ground: Send + Sync {
    /// One more gateway on this ground.
    fn gateway(&self) -> Arc<dyn Store>;
}

pub struct InMemory(Arc<Memory>);

impl Ground for InMemory {
    fn gateway(&self) -> Arc<dyn Store> {
        Arc::clone(&self.0) as Arc<dyn Store>
    }
}

pub async fn in_memory() -> InMemory {
    InMemory(Memory::new())
}

pub struct InFolder(tempfile::TempDir);

impl Ground for InFolder {
    fn gateway(&self) -> Arc<dyn Store> {
        Embedded::open(self.0.path()).unwrap()
    }
}

pub async fn in_folder() -> InFolder {
    InFolder(tempfile::tempdir().unwrap())
}

/// Hands all clauses of the contract to another macro.
macro_rules! clauses {
    ($then:ident! $store:ident, $open:path) => {
        $then! { $store, $open;
            decisions: a_decision_and_all_that_goes_with_it_is_written_together,
            decisions: the_same_id_again_gives_the_recorded_decision_and_changes_nothing,
            decisions: the_same_id_with_other_content_is_told,
            decisions: the_first_that_is_recorded_is_found_among_many,
            decisions: a_preview_writes_nothing,
            decisions: a_decider_that_panics_writes_nothing_and_spoils_no_other,
            decisions: a_decider_sees_what_was_written_before,
            decisions: of_nobody_nothing_is_remembered,
            decisions: plain_decisions_are_recorded_once,
            decisions: a_replay_writes_once_whichever_comes_first,
            decisions: days_of_contacts_of_nobody_are_those_of_all_that_is_held,
            decisions: what_was_received_is_bounded_newest_kept,
            decisions: what_was_counted_long_ago_is_forgotten,
            quotas: exactly_the_limit_is_admitted_of_many_at_once,
            quotas: records_of_one_person_are_counted_together,
            quotas: one_contact_many_times_at_once_is_decided_once,
            quotas: an_uncounted_contact_frees_its_place_once,
            quotas: a_refusal_is_of_the_ledger_as_it_is,
            items: queues_are_listed_oldest_first_page_by_page,
            items: queues_are_counted,
            items: items_in_hand_are_listed_whatever_their_queue,
            items: a_list_goes_on_behind_many_that_are_not_asked_for,
            items: a_list_shows_of_each_text_as_much_as_is_asked_for,
            items: what_nobody_read_in_time_comes_first_and_is_said_once,
            items: one_look_marks_all_that_nobody_read,
            items: an_item_that_a_batch_writes_has_its_turn,
            items: an_item_changed_meanwhile_is_not_replaced,
            items: of_many_who_replace_at_once_one_does,
            items: what_is_learnt_later_is_attached_once,
            items: what_is_attached_is_bounded,
            audit: entries_are_numbered_without_gaps,
            audit: the_trail_is_read_page_by_page,
            people: people_are_put_and_read,
            people: organisations_never_meet,
            changes: every_gateway_is_told_of_every_change,
            changes: a_change_is_told_in_time,
            changes: a_flood_of_changes_is_told_or_said_to_be_missed,
            documents: a_document_is_written_read_changed_and_removed,
            documents: what_was_changed_meanwhile_is_not_overwritten,
            documents: of_many_writers_none_is_lost,
            documents: a_batch_is_written_whole_or_not_at_all,
            documents: a_person_of_a_batch_is_told_to_every_gateway,
            documents: of_two_who_change_a_person_neither_is_lost,
            documents: documents_are_listed_by_their_keys_page_by_page,
            documents: places_of_a_list_are_read_and_counted_without_its_documents,
            documents: documents_of_organisations_never_meet,
            documents: a_batch_that_can_not_be_right_is_refused,
            found: people_are_listed_page_by_page,
            found: whoever_has_a_restriction_is_found,
            found: entries_of_the_trail_are_found_by_what_they_say,
            found: days_are_found_in_a_long_trail,
            deliveries: what_was_delivered_is_remembered,
            model: it_does_as_the_store_in_memory_does,
        }
    };
}

/// One test for each clause, each on a ground of its own.
macro_rules! each {
    ($store:ident, $open:path; $($area:ident: $clause:ident,)*) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $clause() {
                    let ground = $open().await;
                    crate::store_contract::$area::$clause(&ground).await;
                }
            )*
        }
    };
}

/// One test for all clauses, on one ground that takes long to make.
macro_rules! in_turn {
    ($store:ident, $open:path; $($area:ident: $clause:ident,)*) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $store() {
            let ground = $open().await;
            $(
                println!("{}", stringify!($clause));
                crate::store_contract::$area::$clause(&ground).await;
                ground.clear().await;
            )*
        }
    };
}

mod on {
    clauses!(each! memory, crate::store_contract::in_memory);
    clauses!(each! embedded, crate::store_contract::in_folder);
    clauses!(each! redis_single, crate::store_contract::servers::single);
    clauses!(in_turn! redis_sentinel, crate::store_contract::servers::sentinel);
    clauses!(in_turn! redis_cluster, crate::store_contract::servers::cluster);
    clauses!(each! embedded_encrypted, crate::store_contract::encrypted::in_folder);
    clauses!(in_turn! redis_encrypted, crate::store_contract::encrypted::single);
}
