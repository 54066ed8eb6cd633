//! The record as text: one line an event, and at the end who waits and whether anybody can wake it.

use std::{
    borrow::Cow,
    fmt,
    io::{self, IsTerminal, Write},
};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::{By, Event, Problem, Record, Role, TaskId, Timeline, replay::Replay};

/// The text of a record, to be displayed or printed: plain, without times and of any width unless
/// asked for more.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    timeline: &'a Timeline,
    times: bool,
    colour: bool,
    width: Option<usize>,
}

impl Timeline {
    /// The record as text.
    pub fn text(&self) -> Text<'_> {
        Text { timeline: self, times: false, colour: false, width: None }
    }
}

impl Text<'_> {
    /// With the time of each event, in microseconds since the start.
    pub fn times(self) -> Self {
        Text { times: true, ..self }
    }

    /// In colour, as `print` does it on a terminal.
    pub fn colour(self) -> Self {
        Text { colour: true, ..self }
    }

    /// Cuts the lines of events to so many columns, with `…` where something is left out: details
    /// first.
    pub fn width(self, columns: usize) -> Self {
        Text { width: Some(columns), ..self }
    }

    /// Prints it to stdout: on a terminal no wider than that, and in colour unless `NO_COLOR` is
    /// set; else plain.
    ///
    /// # Errors
    ///
    /// Those of writing to stdout.
    pub fn print(self) -> io::Result<()> {
        let terminal = io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
        let width = self.width.or(terminal.map(|(width, _)| width.0.into()));
        let mut stdout = anstream::stdout().lock();
        write!(stdout, "{}", Text { colour: true, width, ..self })?;
        stdout.flush()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (timeline, mut replay) = (self.timeline, Replay::default());
        let last = timeline.records().last().map_or(0, |record| record.seq);
        let digits = last.to_string().len();
        let columns = timeline.threads().iter().map(|name| name.width()).max().unwrap_or(0);
        for record in timeline.records() {
            let before = replay.depth(record.thread);
            replay.step(record);
            // A poll and what came of it stand where the thread was before and after, what happened
            // meanwhile further in.
            let depth = before.min(replay.depth(record.thread));
            let thread = &timeline.threads()[record.thread];
            let time = if self.times { format!("{:>12} µs  ", micros(record.nanos)) } else { String::new() };
            let padding = " ".repeat(columns - thread.width() + 2 + 2 * depth);
            let mut what = what(record, &replay);
            if !what.is_empty() {
                what.insert_str(0, &" ".repeat(9 - record.event.name().len()));
            }
            let (head, why) = (format!("{:digits$}  {time}{thread}{padding}", record.seq), self.why(record));
            // Where the width is short it is the details that go, and not why it happened.
            let rest = printable(&head).width() + record.event.name().len() + printable(&why).width();
            if let Some(free) = self.width.map(|width| width.saturating_sub(rest)).filter(|free| *free >= LEAST) {
                what = shortened(&printable(&what), free);
            }
            self.line(f, &[(DIM, &head), (style(&record.event), record.event.name()), (PLAIN, &what), (CYAN, &why)])?;
        }
        // What is said of the whole record is never cut: a terminal breaks a line that is too long
        // for it.
        let whole = Text { width: None, ..*self };
        if timeline.records().is_empty() && timeline.problems().is_empty() {
            let why = "nothing was recorded: nothing happened, or a filter of the subscriber keeps TRACE events away";
            whole.line(f, &[(YELLOW, why)])?;
        }
        for Problem { seq, target, text, .. } in timeline.problems() {
            whole.line(f, &[(RED, &format!("problem at {seq}, from {target}: {text}"))])?;
        }
        for waiting in timeline.stuck() {
            let style = if waiting.can_be_woken() { YELLOW } else { RED };
            whole.line(f, &[(style, &waiting.to_string())])?;
        }
        Ok(())
    }
}

impl Text<'_> {
    /// Writes a line of pieces, cut to the width.
    fn line(&self, f: &mut fmt::Formatter<'_>, pieces: &[(Style, &str)]) -> fmt::Result {
        let pieces = pieces.iter().map(|(style, text)| (style, printable(text)));
        let pieces: Vec<_> = pieces.filter(|(_, text)| !text.is_empty()).collect();
        let whole = pieces.iter().map(|(_, text)| text.width()).sum();
        let cut = self.width.is_some_and(|width| width < whole);
        let mut free = self.width.filter(|_| cut).map_or(whole, |width| width.saturating_sub(1));
        for (style, text) in &pieces {
            let shown = fitting(text, free);
            if self.colour {
                write!(f, "{style}{shown}{style:#}")?
            } else {
                f.write_str(shown)?
            }
            if shown.len() < text.len() {
                break;
            }
            free -= shown.width();
        }
        f.write_str(if cut { "…\n" } else { "\n" })
    }

    /// Why a poll happened, or what became of a wake.
    fn why(&self, record: &Record) -> String {
        let event = |seq: u64| {
            let records = self.timeline.records();
            let Ok(index) = records.binary_search_by_key(&seq, |record| record.seq) else { return seq.to_string() };
            let (name, thread) = (records[index].event.name(), &self.timeline.threads()[records[index].thread]);
            let outdated = if records[index].role == Some(Role::Outdated) { "outdated " } else { "" };
            format!("{outdated}{name} {seq} on {thread}")
        };
        match record.role {
            None | Some(Role::Effective) => String::new(),
            Some(Role::Cause(seq)) => format!("  <- {}", event(seq)),
            Some(Role::Spurious) => "  <- no wake: spurious".into(),
            Some(Role::Coalesced(seq)) => format!("  coalesced with {}", event(seq)),
            Some(Role::Outdated) => "  outdated: the last poll had another waker".into(),
            Some(Role::Late) => "  too late: the task is over".into(),
        }
    }
}

/// What an event is about.
pub(crate) fn what(record: &Record, replay: &Replay) -> String {
    let label = |id: u64| replay.label(&TaskId { target: record.target.clone(), id });
    let task = record.task().map(|task| replay.label(&task)).unwrap_or_default();
    let waker = |id: u64, waker: u64| {
        let alive = replay.alive(&TaskId { target: record.target.clone(), id }, waker);
        format!("{task}, waker {waker}, {alive} alive")
    };
    let place = |what: String| if task.is_empty() { what } else { format!("{task}, {what}") };
    // Whose poll it was in which another task was made or woken.
    let other = record.during.as_ref().filter(|during| record.task().as_ref() != Some(during));
    let from = other.map(|during| format!(", from {}", replay.label(during))).unwrap_or_default();
    match &record.event {
        Event::Spawn { parent: Some(parent), .. } => format!("{task}, from {}", label(*parent)),
        Event::Spawn { .. } => task + &from,
        Event::Poll { n, waker, .. } => format!("{task}, {} time, waker {waker}", ordinal(*n)),
        Event::Clone { task, waker: number } | Event::Release { task, waker: number } => waker(*task, *number),
        Event::Wake { task, waker: number, by: By::Value } => format!("{}, by value{from}", waker(*task, *number)),
        Event::Wake { task, waker: number, by: By::Ref } => format!("{}, by ref{from}", waker(*task, *number)),
        Event::Register { at, .. } | Event::Fire { at, .. } => place(format!("at {at}")),
        Event::Note { text, .. } => place(text.clone()),
        Event::Steal { from, to, count } => format!("{count} of the tasks of worker {from}, by worker {to}"),
        _ => task,
    }
}

const PLAIN: Style = Style::new();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

fn style(event: &Event) -> Style {
    match event {
        Event::Poll { .. } => Style::new().bold(),
        Event::Pending { .. } => YELLOW,
        Event::Ready { .. } => AnsiColor::Green.on_default().bold(),
        Event::Panic { .. } => RED,
        Event::Wake { .. } => CYAN,
        _ => PLAIN,
    }
}

/// The text with everything that would act on a terminal written as Rust writes it (`\u{1b}`).
fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let escape = |character: char| character.escape_default().to_string();
    let shown = |character: char| if character.is_control() { escape(character) } else { character.into() };
    text.chars().map(shown).collect()
}

/// The fewest columns in which the details of an event still say something: those of `  task 1…`.
const LEAST: usize = 16;

/// The text, or its beginning and `…`, in so many columns.
fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns { text.into() } else { format!("{}…", fitting(text, columns.saturating_sub(1))) }
}

/// The beginning of a text that takes no more than so many columns.
fn fitting(text: &str, columns: usize) -> &str {
    let mut free = columns;
    let too_wide = |character: char| {
        let left = free.checked_sub(character.width().unwrap_or(0));
        free = left.unwrap_or(0);
        left.is_none()
    };
    text.find(too_wide).map_or(text, |end| &text[..end])
}

/// `1st`, `2nd`, `11th`.
fn ordinal(n: u64) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// Microseconds with one decimal.
fn micros(nanos: u64) -> String {
    format!("{}.{}", nanos / 1000, nanos % 1000 / 100)
}
