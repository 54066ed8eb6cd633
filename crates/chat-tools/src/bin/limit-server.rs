//! The program `limit-server`: the row `limit` of the tables, a server that is one readiness loop.
//! The loop is in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    return linux::main();
    #[cfg(not(target_os = "linux"))]
    chat_tools::needs_linux("limit-server")
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        net::{SocketAddr, TcpListener},
        process::ExitCode,
    };

    use chat::service::{announce, raise_descriptor_limit};
    use clap::Parser;

    /// The least a chat server can do: one thread, one readiness loop, no bounds. To measure others
    /// against, not to use.
    #[derive(Parser)]
    #[command(name = "limit-server", version)]
    struct Arguments {
        /// Address to listen on; port 0 takes a free one, and the first line on stdout says which
        #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    }

    pub fn main() -> ExitCode {
        let Arguments { listen } = Arguments::parse();
        raise_descriptor_limit();
        let served = TcpListener::bind(listen).and_then(|listener| {
            announce(&listener)?;
            chat_tools::limit::serve(listener)
        });
        let Err(error) = served;
        eprintln!("limit-server: cannot serve on {listen}: {error}");
        ExitCode::FAILURE
    }
}
