//! `contact-gateway pipe` as a program of its own. A mail server starts one for each message, and
//! nearly all of what that costs is the size of the program: the linker leaves out of this one all that
//! `pipe` does not need.

use std::process::ExitCode;

fn main() -> ExitCode {
    contact_gateway::cli::pipe::main(std::env::args_os().skip(1))
}
