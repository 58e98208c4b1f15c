//! The program: everything is in the library, `cli` reads the command line.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// Much of a contact's time goes to small pieces of memory that many contacts under way hold at once.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    contact_gateway::cli::main()
}
