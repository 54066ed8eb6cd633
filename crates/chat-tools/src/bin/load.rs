//! The program `load`: a crowd of clients, and what a chat server does under it. Everything it does
//! is in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return chat_tools::load::run_load();
    #[cfg(not(target_os = "linux"))]
    chat_tools::needs_linux("load")
}
