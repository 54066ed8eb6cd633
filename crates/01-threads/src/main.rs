//! What `just run threads` starts.
use clap::Parser;
#[derive(Parser)]
enum P {
    Serve(lesson_threads::Serve),
}
fn main() -> std::process::ExitCode {
    let P::Serve(s) = P::parse();
    match s.run() {
        Ok(()) => 0.into(),
        Err(e) => {
            eprintln!("error: {e}");
            1.into()
        }
    }
}
