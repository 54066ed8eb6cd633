//! The rules of the house, the notes against their checker, the findings, the pages of the
//! contract, and programs as a person starts them.

mod command_line;
mod contract_pages;
mod findings;
mod grade;
mod house;
mod layout;
mod notes;
mod notes_rust;

/// Counts the bytes of the heap, for a finding.
#[global_allocator]
static HEAP: harness::Counting = harness::Counting;
