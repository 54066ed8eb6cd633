//! Rounds in which the subjects take turns: a machine may be half as fast a minute later, and then
//! it is so for all of them.

use crate::DecidedBy;

/// The figure of each subject in one round; `None` if the subject did not take part.
pub type Round = Vec<Option<f64>>;

/// How many rounds there are.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    first: usize,
    most: usize,
}

/// The fewest rounds whose interval leaves out the least and the greatest ratio, with some more for
/// an even number of rounds between two looks.
const FIRST: usize = 11;
/// How many more rounds follow while an interval is too wide.
const MORE: usize = 10;

/// The subjects in the order of a round, from 0. Each subject begins as often as the others.
pub fn order(round: usize, subjects: usize) -> impl Iterator<Item = usize> + Clone {
    (0..subjects).map(move |step| (round + step) % subjects)
}

impl Plan {
    /// This many rounds.
    pub fn exactly(rounds: usize) -> Plan {
        Plan { first: rounds, most: rounds }
    }

    /// Eleven rounds, and ten more at a time until the interval is narrow enough.
    pub fn until_narrow(by: DecidedBy) -> Plan {
        Plan { first: FIRST, most: by.most_rounds() }
    }

    /// Runs the rounds. `figure` measures a subject in a round, both counted from 0. After the
    /// first rounds, `again` says who takes part in more rounds; `None` means that it is enough.
    ///
    /// # Errors
    ///
    /// The first error of `figure`.
    pub fn run<E>(
        self,
        mut taking_part: Vec<bool>,
        mut figure: impl FnMut(usize, usize) -> Result<f64, E>,
        mut again: impl FnMut(&[Round]) -> Option<Vec<bool>>,
    ) -> Result<Vec<Round>, E> {
        let mut rounds: Vec<Round> = Vec::new();
        let mut until = self.first;
        loop {
            for number in rounds.len()..until {
                let mut round = vec![None; taking_part.len()];
                for subject in order(number, taking_part.len()).filter(|&subject| taking_part[subject]) {
                    round[subject] = Some(figure(subject, number)?);
                }
                rounds.push(round);
            }
            if rounds.len() >= self.most {
                return Ok(rounds);
            }
            let Some(next) = again(&rounds) else { return Ok(rounds) };
            taking_part = next;
            until += MORE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs two subjects, which are never even, and gives the order of the runs.
    fn runs(plan: Plan, again: impl FnMut(&[Round]) -> Option<Vec<bool>>) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let figure = |subject, round| {
            runs.push((subject, round));
            Ok::<_, ()>(subject as f64)
        };
        let rounds = plan.run(vec![true, true], figure, again).unwrap();
        assert_eq!(rounds.iter().flatten().flatten().count(), runs.len());
        runs
    }

    #[test]
    fn each_subject_begins_as_often_as_the_others() {
        assert_eq!(runs(Plan::exactly(2), |_| None), [(0, 0), (1, 0), (1, 1), (0, 1)]);
        assert!(order(5, 3).eq([2, 0, 1]));
        assert_eq!(order(5, 0).count(), 0);
    }

    #[test]
    fn there_are_more_rounds_until_it_is_enough_or_too_many() {
        let both = |_: &[Round]| Some(vec![true, true]);
        let plan = Plan::until_narrow(DecidedBy::Program);
        assert_eq!(runs(plan, |_| None).len(), 2 * 11);
        assert_eq!(runs(plan, |rounds| both(rounds).filter(|_| rounds.len() < 30)).len(), 2 * 31);
        assert_eq!(runs(plan, both).len(), 2 * 241);
        assert_eq!(runs(Plan::until_narrow(DecidedBy::Kernel), both).len(), 2 * 361);
        assert_eq!(runs(Plan::exactly(3), both).len(), 2 * 3);
    }

    #[test]
    fn later_rounds_have_only_the_subjects_that_are_still_asked_for() {
        let rounds = Plan::until_narrow(DecidedBy::Program)
            .run(
                vec![true; 2],
                |subject, _| Ok::<_, ()>(subject as f64),
                |rounds| (rounds.len() < 21).then(|| vec![false, true]),
            )
            .unwrap();
        assert_eq!((&rounds[10], &rounds[11], rounds.len()), (&vec![Some(0.0), Some(1.0)], &vec![None, Some(1.0)], 21));
    }

    #[test]
    fn the_first_error_ends_it() {
        let figure = |subject, round| if (subject, round) == (1, 2) { Err("broken") } else { Ok(1.0) };
        assert_eq!(Plan::exactly(5).run(vec![true; 2], figure, |_| None), Err("broken"));
    }
}
