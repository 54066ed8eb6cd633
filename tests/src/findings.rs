//! What the checks found in executors: one table for the suites, which hold that it is exact, and
//! for the page of the matrix, which explains it. What nobody here wrote has a test that shows the
//! same without the checks.

/// A failure, or a warning where the check only says what should hold.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// Those that it is a failure of, by their names in `peers` or in lesson 5.
    pub of: &'static [&'static str],
    /// The checks that fail.
    pub checks: &'static [&'static str],
    /// The package, the target and the test that show it.
    pub shown: [&'static str; 3],
    /// What it is, in Spanish.
    pub es: &'static str,
    /// The same in English.
    pub en: &'static str,
}

impl Finding {
    /// What shows it.
    pub fn command(&self) -> String {
        let [package, target, test] = self.shown;
        format!("cargo test -p {package} --test {target} {test}")
    }
}

/// All of them.
pub const FINDINGS: &[Finding] = &[
    Finding {
        of: &["s1-spin"],
        checks: &["C7", "C18"],
        shown: ["executor", "contract", "s1-spin::C"],
        es: "La primera etapa hace `poll` a todas las tareas en cada vuelta, avisadas o no, y no se duerme nunca: es lo que la lección quita después.",
        en: "The first stage polls all tasks in every round, woken or not, and never sleeps: it is what the lesson takes away later.",
    },
    Finding {
        of: &["s1-spin"],
        checks: &["B4"],
        shown: ["executor", "contract", "s1-spin::B4"],
        es: "Sin optimizar, `Waker::noop()` y su clon tienen la misma vtable en dos direcciones, y `will_wake` compara direcciones. Es legítimo: `will_wake` puede decir siempre que no. Compilada con optimización, la etapa lo cumple.",
        en: "In a build without optimisation, `Waker::noop()` and its clone have the same vtable at two addresses, and `will_wake` compares addresses. That is legitimate: `will_wake` may always say no. Built with optimisation, the stage passes.",
    },
    Finding {
        of: &["s2-naive"],
        checks: &["C2", "C3"],
        shown: ["executor", "contract", "s2-naive::C"],
        es: "El `block_on` ingenuo se duerme con la única ficha que std da a cada hilo: lo que se duerme dentro del `poll` se lleva el aviso del bucle.",
        en: "The naive `block_on` sleeps by the one token that std gives to each thread: what sleeps inside of the `poll` takes the wake that was meant for the loop.",
    },
    Finding {
        of: &["async-std", "smol", "async-executor", "async-executor-local", "async-executor-threads"],
        checks: &["C11"],
        shown: ["tests", "it", "async_task_ends_the_process_when_the_drop_of_a_future_panics"],
        es: "async-task, sobre el que están hechos los tres, termina el proceso si el `drop` de un future acaba en pánico. Es a propósito: su código no sabe seguir después de un pánico así.",
        en: "async-task, on which all three are made, ends the process if the `drop` of a future panics. It is on purpose: its code cannot go on after such a panic.",
    },
    Finding {
        of: &["futures-thread-pool"],
        checks: &["C8"],
        shown: ["tests", "it", "futures_thread_pool_polls_a_task_that_wakes_itself_before_all_others"],
        es: "Un hilo del pool de `futures` vuelve a hacer `poll` en el acto a la tarea a la que se avisó durante el suyo, sin pasar por la cola. Tantas tareas de esas como hilos, y a las demás no les toca nunca.",
        en: "A thread of the pool of `futures` polls a task again at once that was woken during its `poll`, without the queue. As many of these tasks as there are threads, and it is never the turn of the others.",
    },
    Finding {
        of: &["futures-thread-pool"],
        checks: &["C10", "C11"],
        shown: ["tests", "it", "futures_thread_pool_loses_a_thread_with_each_panic"],
        es: "Un pánico en una tarea, o en el `drop` de su future, acaba con el hilo del pool, y nadie pone otro. Con el último se paran todas las tareas.",
        en: "A panic in a task, or in the `drop` of its future, ends the thread of the pool, and nobody puts another one there. With the last one all tasks stop.",
    },
    Finding {
        of: &["futures-thread-pool"],
        checks: &["B7", "B8"],
        shown: ["tests", "it", "futures_thread_pool_never_frees_a_task_that_waits"],
        es: "Una tarea que espera guarda el pool, y lo que el pool sabe de ella guarda la tarea: cuando nadie más los tiene, siguen los dos en memoria.",
        en: "A task that waits keeps the pool, and what the pool knows of it keeps the task: when nobody else has them, both stay in memory.",
    },
    Finding {
        of: &["monoio"],
        checks: &["C8"],
        shown: ["tests", "it", "monoio_polls_a_task_that_wakes_itself_before_all_others"],
        es: "monoio pone al principio de la cola la tarea a la que se avisó durante su `poll`. Mientras una haga eso, las que están detrás no reciben ninguno.",
        en: "monoio puts a task that was woken during its `poll` at the front of the queue. As long as one does that, those behind it get none.",
    },
    Finding {
        of: &["monoio"],
        checks: &["B7"],
        shown: [
            "tests",
            "it",
            "monoio_keeps_a_task_that_was_woken_before_the_end_for_as_long_as_the_thread_that_woke_it",
        ],
        es: "Un aviso que llega de fuera espera en un buzón hasta que el runtime se duerme, y el hilo que avisa guarda un extremo de ese buzón. Si antes se destruye el runtime, el aviso y su tarea siguen en memoria mientras viva el hilo que avisó.",
        en: "A wake from outside waits in a mailbox until the runtime goes to sleep, and the thread that wakes keeps one end of that mailbox. If the runtime is dropped before, the wake and its task stay in memory for as long as the thread that woke.",
    },
    Finding {
        of: &["monoio"],
        checks: &["B14"],
        shown: ["tests", "it", "monoio_never_frees_a_task_that_waits_for_itself"],
        es: "Una tarea que espera su propio final guarda su propio waker, y nadie rompe ese anillo. Es el caso que enseña B14, que tokio ya arregló.",
        en: "A task that waits for its own end keeps its own waker, and nobody breaks that ring. It is the case that B14 shows, which tokio has mended.",
    },
    Finding {
        of: &["monoio"],
        checks: &["B15"],
        shown: ["tests", "it", "monoio_drops_a_chain_of_tasks_inside_each_other"],
        es: "Las tareas de monoio son de sus wakers: soltar el último de una la destruye allí mismo, y si esa tenía el último de otra, a la otra dentro de ella. Una cadena larga desborda la pila.",
        en: "The tasks of monoio belong to their wakers: to drop the last one of a task drops that task right there, and if it had the last one of another, the other inside of it. A long chain overflows the stack.",
    },
];

/// What one of them fails of the checks whose ids begin with `part`, each with the test that shows
/// it.
pub fn fails(name: &str, part: char) -> Vec<(&'static str, &'static str)> {
    let of_it = FINDINGS.iter().filter(|finding| finding.of.contains(&name));
    let checks = of_it.flat_map(|finding| finding.checks.iter().map(|check| (*check, finding.shown[2])));
    checks.filter(|(check, _)| check.starts_with(part)).collect()
}
