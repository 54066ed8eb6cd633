//! The program `load-table`: several chat servers under the same loads, as one table. Everything it
//! does is in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return chat_tools::load::run_table();
    #[cfg(not(target_os = "linux"))]
    chat_tools::needs_linux("load-table")
}
