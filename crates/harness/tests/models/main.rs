//! The model of B12, which loom runs: `just loom`. A model that finds a wrong order ends its
//! process, so each model runs in a process of its own.

#[cfg(loom_model)]
mod state;

#[cfg(loom_model)]
fn main() -> std::process::ExitCode {
    use harness::{
        Subject,
        waker::{CHECKS, Tested},
    };

    // B12 judges the model alone, whatever the waker is.
    let with = |model| Tested::inert(|| std::task::Waker::noop().clone()).model("B12", model);
    let subjects = vec![
        Subject::new("writes-when-woken", with(state::writes_when_woken)),
        Subject::new("only-looks-when-woken", with(state::only_looks_when_woken))
            .fails(&[("B12", "a wake that finds the task woken publishes nothing")]),
    ];
    harness::main(&CHECKS, subjects.into_iter().map(|subject| subject.only(&["B12"])).collect())
}

#[cfg(not(loom_model))]
fn main() {
    println!("These models run under RUSTFLAGS=\"--cfg loom_model\": `just loom`.");
}
