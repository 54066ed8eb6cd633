//! The result of grading: its JSON, which the README describes in a table, and its text for a
//! person.

use std::fmt;

use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Style};
use serde::{Deserialize, Serialize, Serializer};

use super::order::{Limits, Order};

/// The result for a submitted file.
#[derive(Clone, Debug, Serialize)]
pub struct Graded {
    /// The lesson.
    pub lesson: String,
    /// The file, as the command line names it.
    pub file: String,
    /// The limits of the run.
    pub limits: Limits,
    /// Whether the file compiles.
    pub compiles: bool,
    /// The compiler's errors, in colour for a person and without colour in JSON. `None` if the file
    /// compiles.
    #[serde(serialize_with = "plain")]
    pub compiler: Option<String>,
    /// The number of checks that passed.
    pub passed: usize,
    /// The number of checks that apply. 0 if the file does not compile, because no check ran.
    pub applicable: usize,
    /// The score of each step.
    pub steps: Vec<Step>,
    /// Each check, in the order of the steps.
    pub checks: Vec<Judged>,
}

/// The score of a step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Its name, such as `step-1`.
    pub step: String,
    /// The number of checks that passed.
    pub passed: usize,
    /// The number of checks that apply.
    pub applicable: usize,
}

/// The result of one check.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Judged {
    /// Its step: the part of its name before the first `::`.
    #[serde(default)]
    pub step: String,
    /// Its name in the list of tests, such as `step-1::E2`.
    pub name: String,
    /// Its id, such as `E2`.
    pub id: String,
    /// `must`, `should` or `policy`.
    pub level: String,
    /// The rule.
    pub must: String,
    /// Why it matters.
    pub why: String,
    /// A link to the public contract or bug report that it rests on.
    pub source: String,
    /// The page of the notes that explains it.
    pub read_on: String,
    /// The word of an [`Outcome`](crate::Outcome), or `not run` if the whole run ended before this
    /// check began.
    pub outcome: String,
    /// The observation.
    pub observed: String,
}

impl Graded {
    pub(super) fn new(order: &Order, compiler: Option<String>, checks: Vec<Judged>) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for check in &checks {
            if steps.last().is_none_or(|step| step.step != check.step) {
                steps.push(Step { step: check.step.clone(), passed: 0, applicable: 0 });
            }
            let step = steps.last_mut().expect("a step was just added");
            step.passed += usize::from(check.passed());
            step.applicable += usize::from(check.applies());
        }
        Graded {
            lesson: order.lesson.clone(),
            file: order.file.display().to_string(),
            limits: order.limits,
            compiles: compiler.is_none(),
            compiler,
            passed: steps.iter().map(|step| step.passed).sum(),
            applicable: steps.iter().map(|step| step.applicable).sum(),
            steps,
            checks,
        }
    }

    /// Whether every check that applies passed, and at least one did.
    pub fn full(&self) -> bool {
        self.passed == self.applicable && self.passed > 0
    }
}

impl Judged {
    fn passed(&self) -> bool {
        self.outcome == "passed"
    }

    fn applies(&self) -> bool {
        self.outcome != "not applicable"
    }
}

/// The text for a person, in colour. Print it through `anstream`.
impl fmt::Display for Graded {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{} as the exercise of {}", self.file, self.lesson)?;
        if let Some(errors) = &self.compiler {
            return write!(f, "\n{}\n\n{}", errors.trim_end(), painted(AnsiColor::Red, "It does not compile."));
        }
        let mut checks = self.checks.iter().peekable();
        for Step { step, passed, applicable } in &self.steps {
            writeln!(f, "\n{step}: {passed} of {applicable}")?;
            while let Some(check) = checks.next_if(|check| check.step == *step) {
                writeln!(f, "{check}")?;
            }
        }
        let colour = if self.full() { AnsiColor::Green } else { AnsiColor::Red };
        write!(f, "\n{}", painted(colour, &format!("{} of {} checks passed", self.passed, self.applicable)))
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (colour, observed) = match self.outcome.as_str() {
            "passed" => (AnsiColor::Green, ""),
            "not written" => (AnsiColor::Yellow, ""),
            "not applicable" => (AnsiColor::BrightBlack, self.observed.as_str()),
            _ => (AnsiColor::Red, self.observed.as_str()),
        };
        let word = painted(colour, &format!("{:<15}", self.outcome));
        write!(f, "  {:<5} {:<6} {word} {}", self.id, self.level, self.must)?;
        observed.lines().take(4).try_for_each(|line| write!(f, "\n{:30}{line}", ""))
    }
}

fn painted(colour: AnsiColor, text: &str) -> String {
    let style: Style = colour.on_default();
    format!("{style}{text}{style:#}")
}

fn plain<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_ref().map(|text| strip_str(text).to_string()).serialize(serializer)
}
