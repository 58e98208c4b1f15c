//! The program: everything is in the library, `cli` reads the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    contact_gateway::cli::main()
}
