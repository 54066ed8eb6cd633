//! One read brings thousands of short lines, and they are no reason to keep a thread: others get
//! their turn after 512 lines, also where each line asks for a break, as in the first stage. Polls
//! and lines are counted.

use std::{cell::Cell, io, ops::ControlFlow};

use harness::probe::Task;
use lesson_async_chat::parts::reader::Reader;

#[test]
fn a_poll_takes_no_more_lines_than_leave_the_others_their_turn() {
    for each in [ControlFlow::Continue(()), ControlFlow::Break(())] {
        let lines = 3 * 2048;
        let seen = Cell::new(0);
        let input = b"x\n".repeat(lines);
        let mut reader = Reader::new(&*input, 100);
        let mut task = Task::new(async {
            let on_line = |line: Result<&str, _>| {
                assert_eq!(line.ok(), Some("x"));
                seen.set(seen.get() + 1);
                each
            };
            while reader.read(on_line).await? {}
            io::Result::Ok(())
        });
        let mut polls = 1;
        while task.poll().is_pending() {
            assert!(task.is_woken(), "there is more");
            assert!(seen.get() <= polls * 512, "{} lines in {polls} polls", seen.get());
            polls += 1;
        }
        assert_eq!(seen.get(), lines);
        assert!(polls >= lines / 512, "{polls} polls");
    }
}
