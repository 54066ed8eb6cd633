//! What can happen, as the README's table says it: the events of the schema, version 1, and who
//! emits them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One event of the schema; the README says what each means.
///
/// A task is named by its number, which is unique for the target that emits the event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the table in the README says what each event and each field is")]
pub enum Event {
    Spawn {
        task: u64,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<u64>,
    },
    Poll {
        task: u64,
        n: u64,
        waker: u64,
    },
    Pending {
        task: u64,
        n: u64,
    },
    Ready {
        task: u64,
        n: u64,
    },
    Panic {
        task: u64,
        n: u64,
    },
    Drop {
        task: u64,
    },
    Clone {
        task: u64,
        waker: u64,
    },
    Wake {
        task: u64,
        waker: u64,
        by: By,
    },
    Release {
        task: u64,
        waker: u64,
    },
    Register {
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
    },
    Fire {
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
    },
    Note {
        text: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        task: Option<u64>,
    },
    Enqueue {
        task: u64,
    },
    Dequeue {
        task: u64,
    },
    Steal {
        from: u64,
        to: u64,
        count: u64,
    },
    // With braces serde refuses fields, as it does for all others.
    Turn {},
    Park {},
    Unpark {},
}

/// How a waker was used to wake.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// `Waker::wake`, which uses the clone up.
    Value,
    /// `Waker::wake_by_ref`, after which it is still there.
    Ref,
}

/// The targets of our events: this crate's own, which anybody may use, and the packages of the
/// lessons.
pub const TARGETS: [&str; 9] =
    [TARGET, "threads", "async-chat", "future", "waker", "executor", "fast-executor", "reactor", "costs"];

/// The target of what [`Traced`](crate::Traced) reports.
pub(crate) const TARGET: &str = "timeline";

impl Event {
    /// Reads an event from the fields of a `tracing` event.
    ///
    /// # Errors
    ///
    /// What the schema has against it: an unknown event, a field that is missing, unknown or of
    /// another type.
    pub(crate) fn from_fields(fields: Map<String, Value>) -> serde_json::Result<Event> {
        serde_json::from_value(Value::Object(fields))
    }

    /// The word for it in the schema.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Spawn { .. } => "spawn",
            Event::Poll { .. } => "poll",
            Event::Pending { .. } => "pending",
            Event::Ready { .. } => "ready",
            Event::Panic { .. } => "panic",
            Event::Drop { .. } => "drop",
            Event::Clone { .. } => "clone",
            Event::Wake { .. } => "wake",
            Event::Release { .. } => "release",
            Event::Register { .. } => "register",
            Event::Fire { .. } => "fire",
            Event::Note { .. } => "note",
            Event::Enqueue { .. } => "enqueue",
            Event::Dequeue { .. } => "dequeue",
            Event::Steal { .. } => "steal",
            Event::Turn {} => "turn",
            Event::Park {} => "park",
            Event::Unpark {} => "unpark",
        }
    }

    /// The number of the task that it is about, if it says so itself.
    pub fn task(&self) -> Option<u64> {
        match *self {
            Event::Spawn { task, .. }
            | Event::Poll { task, .. }
            | Event::Pending { task, .. }
            | Event::Ready { task, .. }
            | Event::Panic { task, .. }
            | Event::Drop { task }
            | Event::Clone { task, .. }
            | Event::Wake { task, .. }
            | Event::Release { task, .. }
            | Event::Enqueue { task }
            | Event::Dequeue { task } => Some(task),
            Event::Register { task, .. } | Event::Fire { task, .. } | Event::Note { task, .. } => task,
            Event::Steal { .. } | Event::Turn {} | Event::Park {} | Event::Unpark {} => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use super::*;
    use crate::Role;

    const README: &str = include_str!("../README.md");

    /// The rows of the README's table that has this head, cell by cell.
    fn table(head: &str) -> Vec<Vec<&'static str>> {
        let (_, rest) = README.split_once(&format!("\n{head}\n")).expect("the README has the table");
        let rows = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
    }

    /// What stands between backticks, and whether a `?` comes after it.
    fn words(cell: &str) -> Vec<(String, bool)> {
        let parts: Vec<&str> = cell.split('`').collect();
        parts
            .chunks(2)
            .filter(|pair| pair.len() == 2)
            .enumerate()
            .map(|(index, pair)| {
                let after = parts.get(2 * index + 2).is_some_and(|after| after.starts_with('?'));
                (pair[1].to_owned(), after)
            })
            .collect()
    }

    fn only_word(cell: &str) -> String {
        let [(word, false)] = &words(cell)[..] else { panic!("one word in backticks, not {cell}") };
        word.clone()
    }

    /// The words that serde knows for an enum: it lists them when it is given another.
    fn known(error: &serde_json::Error) -> BTreeSet<String> {
        let text = error.to_string();
        let (_, list) = text.split_once("expected one of").expect("serde lists what it knows");
        words(list).into_iter().map(|(word, _)| word).collect()
    }

    fn object(fields: &[(String, Value)]) -> Map<String, Value> {
        fields.iter().cloned().collect()
    }

    #[test]
    fn the_table_in_the_readme_and_the_code_agree() {
        let types: HashMap<String, Vec<Value>> = table("| field | type | meaning |")
            .iter()
            .map(|row| {
                let values = match row[1] {
                    "number" => vec![7.into()],
                    "text" => vec!["x".into()],
                    choice => words(choice).into_iter().map(|(word, _)| word.trim_matches('"').into()).collect(),
                };
                (only_word(row[0]), values)
            })
            .collect();
        let (mut events, mut used) = (BTreeSet::new(), BTreeSet::new());
        for row in table("| event | fields | who | meaning |") {
            let name = only_word(row[0]);
            let fields = words(row[1]);
            let mut all = vec![("event".to_owned(), Value::from(name.clone()))];
            all.extend(fields.iter().map(|(field, _)| (field.clone(), types[field][0].clone())));
            let event = Event::from_fields(object(&all)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(serde_json::to_value(&event).unwrap(), Value::Object(object(&all)), "{name} has these fields");
            assert_eq!(event.name(), name);
            let task = fields.iter().any(|(field, _)| field == "task").then_some(7);
            assert_eq!(event.task(), task, "{name}");
            for (index, (field, optional)) in fields.iter().enumerate() {
                let mut without = all.clone();
                without.remove(index + 1);
                assert_eq!(Event::from_fields(object(&without)).is_ok(), *optional, "{name} without {field}");
                for value in &types[field] {
                    all[index + 1].1 = value.clone();
                    assert!(Event::from_fields(object(&all)).is_ok(), "{name} with {field} = {value}");
                }
                let mut wrong = all.clone();
                wrong[index + 1].1 = true.into();
                assert!(Event::from_fields(object(&wrong)).is_err(), "{name} with a {field} of another type");
            }
            all.push(("colour".to_owned(), "red".into()));
            assert!(Event::from_fields(object(&all)).is_err(), "{name} with one field too many");
            assert!(events.insert(name), "each event has one row");
            used.extend(fields.into_iter().map(|(field, _)| field));
        }
        let unknown = Event::from_fields(object(&[("event".to_owned(), "no such event".into())]));
        assert_eq!(events, known(&unknown.unwrap_err()), "every event has a row");
        assert_eq!(used, types.into_keys().collect(), "every field is used");
    }

    #[test]
    fn the_table_of_roles_and_the_code_agree() {
        let roles = table("| role | meaning |").iter().map(|row| only_word(row[0])).collect::<BTreeSet<_>>();
        let unknown = serde_json::from_str::<Role>("\"no such role\"");
        assert_eq!(roles, known(&unknown.unwrap_err()));
    }

    #[test]
    fn the_readme_names_the_targets() {
        let (_, line) = README.split_once("Targets: ").expect("the README has the targets");
        let (line, _) = line.split_once('.').unwrap();
        assert_eq!(words(line).into_iter().map(|(word, _)| word).collect::<Vec<_>>(), TARGETS);
    }
}
