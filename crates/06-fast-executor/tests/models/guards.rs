//! Tests that each model can fail. A line that the model guards is removed from a copy of the
//! lesson, and the model must fail. A failing model may abort, so each runs in its own process.

use harness::guards::{Copied, Lesson};

use lines::GUARDS;

#[cfg(loom_model)]
#[path = "guards/parts.rs"]
mod lines;
#[cfg(shuttle_model)]
#[path = "guards/pools.rs"]
mod lines;

const LESSON: Lesson = Lesson {
    package: env!("CARGO_PKG_NAME"),
    folder: env!("CARGO_MANIFEST_DIR"),
    temporary: env!("CARGO_TARGET_TMPDIR"),
    models: "models",
    dependencies: concat!(
        "futures = \"0.3\"\ntracing = \"0.1\"\n",
        "executor = { path = \"",
        env!("CARGO_MANIFEST_DIR"),
        "/../05-executor\" }\nwaker = { path = \"",
        env!("CARGO_MANIFEST_DIR"),
        "/../04-waker\" }\n",
        "[target.'cfg(loom_model)'.dependencies]\nloom = \"0.7\"\n",
        "[target.'cfg(shuttle_model)'.dependencies]\nshuttle = \"0.9\""
    ),
};

#[test]
fn no_model_passes_without_its_line() {
    let unguarded = Copied::new(&LESSON).unwrap().unguarded(GUARDS).unwrap();
    assert!(unguarded.is_empty(), "no model fails without these: {unguarded:#?}");
}
