//! The guards on a made-up lesson: a line is found that can be removed without failing a model.

use std::{fs, path::Path, time::Duration};

use harness::guards::{Copied, Guard, Lesson, guard};

const LESSON: Lesson = Lesson {
    package: "twice",
    folder: concat!(env!("CARGO_TARGET_TMPDIR"), "/made-up/crates/01-twice"),
    temporary: env!("CARGO_TARGET_TMPDIR"),
    models: "models",
    dependencies: "",
};

const FILES: &[(&str, &str)] = &[
    ("src/lib.rs", "pub fn twice(number: u32) -> u32 {\n    let twice = number + number;\n    twice\n}\n"),
    ("src/main.rs", "compile_error!(\"the program is not built\");\n"),
    (
        "tests/models/main.rs",
        "mod guards;\n\
         #[test]\nfn five() {\n    assert_eq!(lesson_twice::twice(5), 10);\n}\n\
         #[test]\nfn fails_anyway() {\n    assert_eq!(lesson_twice::twice(5), 11);\n}\n\
         #[test]\nfn hangs_anyway() {\n    std::thread::park();\n}\n",
    ),
    ("tests/models/guards.rs", "compile_error!(\"the guards are not in the copy\");\n"),
    ("README.md", ""),
    ("../../Cargo.lock", "version = 4\n"),
];

const MISSED: Guard = guard("lib.rs", "number + number", "number", "five");
const NOT_MISSED: Guard = guard("lib.rs", "let twice = number + number;\n    twice\n", "number * 2", "five");
const HANGS: Guard =
    guard("lib.rs", "let twice = number + number;\n    twice\n", "loop { std::thread::park(); }\n", "five");
const BY_NO_MODEL: Guard = guard("lib.rs", "number + number", "number", "six");

#[test]
fn a_line_that_no_model_misses_is_found() {
    // An earlier run may have left files.
    let _ = fs::remove_dir_all(LESSON.folder);
    for (file, text) in FILES {
        let file = Path::new(LESSON.folder).join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let mut copied = Copied::new(&LESSON).unwrap();
    assert_eq!(copied.unguarded(&[MISSED, NOT_MISSED]).unwrap(), [NOT_MISSED.line]);
    assert_eq!(copied.unguarded(&[BY_NO_MODEL, MISSED]).unwrap(), [BY_NO_MODEL.line]);
    for (wrong, expected) in [
        (guard("lib.rs", "number - number", "number", "five"), "must be there once"),
        (guard("lib.rs", "twice", "twice", "five"), "must be there once"),
        (guard("lib.rs", "number + number", "number +", "five"), "must still build"),
        (
            guard("lib.rs", "number + number", "number", "fails_anyway"),
            "fails_anyway must pass while no line is taken out",
        ),
    ] {
        let error = copied.unguarded(&[wrong]).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    copied.deadline = Duration::from_secs(1);
    assert!(copied.unguarded(&[HANGS]).unwrap().is_empty(), "a hang is a failure");
    let error =
        copied.unguarded(&[guard("lib.rs", "number + number", "number", "hangs_anyway")]).unwrap_err().to_string();
    assert!(error.contains("must pass") && error.contains("a hang: nothing came of it in 1 s"), "{error}");
}
