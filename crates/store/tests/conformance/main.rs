//! What a store must do, whatever is behind it: one suite, run on each service.
//!
//! A case is a function of the service; [`suite!`] makes a test of each case and service.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod copying;
mod failures;
mod faults;
mod keys;
mod listing;
mod place;
mod races;
mod reading;
mod writing;

macro_rules! suite {
    ($($module:ident: $($case:ident)*;)*) => {
        mod folder {
            $($(#[test] fn $case() { crate::$module::$case(crate::place::Kind::Folder); })*)*
        }
        mod in_process {
            $($(#[test] fn $case() { crate::$module::$case(crate::place::Kind::InProcess); })*)*
        }
        mod seaweedfs {
            $($(#[test] fn $case() { crate::$module::$case(crate::place::Kind::SeaweedFs); })*)*
        }
    };
}

suite! {
    reading:
        missing_objects
        empty_object
        get_many_keeps_the_order_asked
        download_replaces_the_file
        content_type_and_metadata_are_kept
        every_view_of_an_object_agrees;
    listing:
        more_than_a_page
        prefixes_are_no_folders
        direct_listing_leaves_out_what_is_deeper;
    keys:
        odd_keys_are_kept_as_they_are
        invalid_keys_are_refused
        a_key_that_is_the_folder_of_another;
    writing:
        put_if_absent
        put_if_match
        put_file
        put_file_in_parts
        put_file_in_parts_heeds_the_condition
        put_file_keeps_its_promise
        put_file_without_a_file
        delete_many
        delete_if_match
        overwriting_leaves_nothing_of_the_old;
    copying:
        copy_within_a_bucket
        copy_between_buckets
        copy_a_large_object
        copy_heeds_the_condition
        copy_of_nothing
        copy_of_what_has_no_checksum
        copy_over_what_is_expected
        copy_many
        copy_from_the_folder_store
        copy_to_the_folder_store
        copy_from_another_server
        copy_a_large_object_from_another_server;
    races:
        of_many_writers_if_absent_one_wins
        compare_and_swap_loses_no_update
        readers_see_whole_objects;
    failures:
        missing_bucket
        anonymous_reads_of_a_public_bucket
        a_private_bucket_is_closed_to_nobody
        wrong_credentials
        no_credentials;
}
