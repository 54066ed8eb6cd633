//! The toys. Their subjects are functions that should double a number.

use std::{env, hint::black_box, process, process::ExitCode, thread, time::Duration};

use harness::{Check, Level, Stop, Subject, Suite, Verdict, holds};

/// Set to the name of a toy: this program is that toy.
pub const ASKED: &str = "RUNNER_TOY";

type Doubler = fn(u64) -> u64;

static CHECKS: [Check<Doubler>; 3] = [
    Check { id: "T1", run: t1_doubles, ..check("twice two is four") },
    Check { id: "T2", run: t2_zero, ..check("twice nothing is nothing") },
    Check { id: "T3", run: |_| Err(Stop::NotApplicable("no doubler has a colour".into())), ..check("it is blue") },
];

const fn check(must: &'static str) -> Check<Doubler> {
    Check {
        id: "",
        level: Level::Must,
        must,
        why: "arithmetic",
        source: "https://en.wikipedia.org/wiki/Doubling",
        deadline: Duration::from_secs(2),
        run: t2_zero,
    }
}

fn t1_doubles(double: &Doubler) -> Verdict {
    let four = double(2);
    holds(four == 4, || format!("twice two was {four}"))
}

fn t2_zero(double: &Doubler) -> Verdict {
    holds(double(0) == 0, || "twice nothing was something")
}

/// A list of checks for another kind of subject.
static WORDS: [Check<&str>; 1] = [Check {
    id: "W1",
    level: Level::Must,
    must: "a word has letters",
    why: "spelling",
    source: "https://en.wikipedia.org/wiki/Word",
    deadline: Duration::from_secs(2),
    run: |word| holds(word.chars().all(char::is_alphabetic), || "it has something else"),
}];

/// Wrong at two, each in its own way, and right at nothing.
const BROKEN: [(&str, Doubler); 10] = [
    ("squares-plus-one", |n| if n == 2 { 5 } else { 0 }),
    ("hangs", |n| if n == 2 { hang() } else { 0 }),
    ("overflows", |n| if n == 2 { deeper(0) } else { 0 }),
    ("crashes", |n| if n == 2 { process::abort() } else { 0 }),
    ("exits", |n| if n == 2 { process::exit(0) } else { 0 }),
    ("panics", |n| if n == 2 { panic!("too hard") } else { 0 }),
    ("panics-twice", |n| if n == 2 { panics_twice() } else { 0 }),
    ("panics-at-length", |n| if n == 2 { panic!("{}", "too hard ".repeat(MUCH)) } else { 0 }),
    ("chatters", |n| {
        print!("{}", "hola ".repeat(MUCH));
        if n == 2 { 5 } else { 0 }
    }),
    ("unwritten", |n| if n == 2 { todo!("step 1: add it to itself") } else { 0 }),
];

/// This many words are more than the runner keeps of what a subject says.
const MUCH: usize = 1_000_000;

fn hang() -> u64 {
    loop {
        thread::park();
    }
}

fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == u64::MAX { 0 } else { deeper(depth + 1) + frame[1] }
}

/// The first panic says what went wrong. The second one, in a drop, ends the process.
fn panics_twice() -> u64 {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("on the way out");
        }
    }
    let _panics = Panics;
    panic!("too hard")
}

/// If the environment asks for a toy: runs it, and gives its exit code.
pub fn toy() -> Option<ExitCode> {
    let name = env::var(ASKED).ok()?;
    let right: Doubler = |n| 2 * n;
    let right = Subject::new("right", right);
    let listed = |name, fails| Subject::new(name, broken("hangs").value).fails(fails);
    let judged = |subject| Suite::new().checks(&CHECKS, vec![subject]);
    let suite = match name.as_str() {
        "right" => judged(right),
        "listed" => judged(listed("listed", &[("T1", "it hangs")])),
        "over-listed" => judged(listed("over-listed", &[("T1", "it hangs"), ("T2", "it does not")])),
        "misnamed" => judged(Subject::new("misnamed", right.value).long(&["T9"])),
        "colourless" => Suite::new().checks(&CHECKS[2..], vec![right]),
        "pristine" => judged(Subject { unwritten: true, ..broken("unwritten") }),
        "two-lists" => judged(right).checks(&WORDS, vec![Subject::new("hola", "hola")]).alone("beside", || ()),
        "alone" => Suite::new()
            .alone("passes", || ())
            .alone("panics", || panic!("too hard"))
            .alone("aborts", || process::abort()),
        "long" => judged(right.long(&["T1"])).alone_and_long("beside", || ()),
        name => judged(broken(name)),
    };
    Some(suite.main())
}

fn broken(name: &str) -> Subject<Doubler> {
    let (name, value) = BROKEN.iter().find(|(known, _)| *known == name).expect("a toy of this name");
    Subject::new(name, *value)
}
