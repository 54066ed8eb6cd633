//! The findings of the checks in executors. The contract tests hold this list to be exact, and the
//! page of the matrix explains it. A finding in code that others wrote has a test that shows it
//! without the checks.

/// A check that fails: a failure, or a warning if the check's level is *should*.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// The executors that fail, by their names in `peers` or in the matrix (`tests/common`).
    pub of: &'static [&'static str],
    /// The checks that fail.
    pub checks: &'static [&'static str],
    /// The package, the target and the test that show it.
    pub shown: [&'static str; 3],
    /// The explanation in Spanish.
    pub es: &'static str,
    /// The explanation in English.
    pub en: &'static str,
}

impl Finding {
    /// The command that shows it.
    pub fn command(&self) -> String {
        let [package, target, test] = self.shown;
        format!("cargo test -p {package} --test {target} {test}")
    }
}

/// Every finding.
pub const FINDINGS: &[Finding] = &[
    Finding {
        of: &["executor-s1-spin"],
        checks: &["C7", "C18"],
        shown: ["executor", "contract", "s1-spin::C"],
        es: "La primera etapa hace `poll` a todas las tareas en cada vuelta, aunque nadie las despierte, y nunca se duerme. Las etapas siguientes corrigen eso.",
        en: "The first stage polls all tasks in every round, woken or not, and never sleeps. The later stages mend that.",
    },
    Finding {
        of: &["executor-s2-naive"],
        checks: &["C2", "C3"],
        shown: ["executor", "contract", "s2-naive::C"],
        es: "El `block_on` ingenuo se duerme con la única ficha que std da a cada hilo. Si algo dentro del `poll` también duerme el hilo, consume la ficha que era para el bucle.",
        en: "The naive `block_on` sleeps with the one token that std gives to each thread. If code inside the `poll` also parks the thread, it takes the token that was meant for the loop.",
    },
    Finding {
        of: &["executor-s3-queue"],
        checks: &["B15"],
        shown: ["executor", "contract", "s3-queue::B15"],
        es: "En la tercera etapa solo sus wakers guardan una tarea que espera. Si esa tarea tiene el último waker de otra, al soltarla se suelta también la otra, dentro de la primera. La etapa siguiente guarda todas sus tareas y corrige eso.",
        en: "In the third stage only its wakers keep a task that waits. If that task holds the last waker of another task, its drop drops the other one inside it. The next stage keeps all its tasks, and mends that.",
    },
    Finding {
        of: &["async-std", "smol", "async-executor", "async-executor-local", "async-executor-threads"],
        checks: &["C11"],
        shown: ["tests", "it", "async_task_ends_the_process_when_the_drop_of_a_future_panics"],
        es: "Los cinco usan async-task, que termina el proceso si el `drop` de un future entra en pánico. Es a propósito: su código no puede continuar después de ese pánico.",
        en: "All five use async-task, which ends the process if the `drop` of a future panics. That is on purpose: its code cannot continue after such a panic.",
    },
    Finding {
        of: &["futures-thread-pool"],
        checks: &["C8"],
        shown: ["tests", "it", "futures_thread_pool_polls_a_task_that_wakes_itself_before_all_others"],
        es: "Si una tarea despierta durante su `poll`, el hilo del pool de `futures` le vuelve a hacer `poll` de inmediato, sin pasar por la cola. Con una tarea así por cada hilo, las demás nunca reciben un `poll`.",
        en: "If a task is woken during its `poll`, the thread of the `futures` pool polls it again at once, without the queue. With one such task for each thread, the other tasks are never polled.",
    },
    Finding {
        of: &["futures-thread-pool"],
        checks: &["C10", "C11"],
        shown: ["tests", "it", "futures_thread_pool_loses_a_thread_with_each_panic"],
        es: "Un pánico en una tarea, o en el `drop` de su future, termina un hilo del pool, y nada lo reemplaza. Con el último hilo se detienen todas las tareas.",
        en: "A panic in a task, or in the `drop` of its future, ends a thread of the pool, and nothing replaces it. With the last thread, all tasks stop.",
    },
    Finding {
        of: &["futures-thread-pool"],
        checks: &["B7", "B8"],
        shown: ["tests", "it", "futures_thread_pool_never_frees_a_task_that_waits"],
        es: "Una tarea que espera mantiene vivo el pool, y el pool mantiene viva la tarea. Aunque nadie más los tenga, los dos quedan en memoria.",
        en: "A task that waits keeps the pool alive, and the pool keeps the task alive. Even when nothing else holds them, both stay in memory.",
    },
    Finding {
        of: &["monoio"],
        checks: &["C8"],
        shown: ["tests", "it", "monoio_polls_a_task_that_wakes_itself_before_all_others"],
        es: "monoio pone al principio de la cola una tarea que despierta durante su `poll`. Mientras esa tarea se despierte a sí misma, las que están detrás no reciben ningún `poll`.",
        en: "monoio puts a task that is woken during its `poll` at the front of the queue. As long as that task wakes itself, the tasks behind it are not polled.",
    },
    Finding {
        of: &["monoio"],
        checks: &["B7"],
        shown: [
            "tests",
            "it",
            "monoio_keeps_a_task_that_was_woken_before_the_end_for_as_long_as_the_thread_that_woke_it",
        ],
        es: "Un wake desde otro hilo espera en un buzón hasta que el runtime se duerme, y ese hilo guarda un extremo del buzón. Si el runtime se destruye antes, el wake y su tarea quedan en memoria mientras viva el otro hilo.",
        en: "A wake from another thread waits in a mailbox until the runtime sleeps, and that thread keeps one end of the mailbox. If the runtime is dropped before that, the wake and its task stay in memory as long as the other thread lives.",
    },
    Finding {
        of: &["monoio"],
        checks: &["B14"],
        shown: ["tests", "it", "monoio_never_frees_a_task_that_waits_for_itself"],
        es: "Una tarea que espera su propio final guarda su propio waker, y nada rompe ese ciclo. Es el caso de B14, que tokio ya corrigió.",
        en: "A task that waits for its own end keeps its own waker, and nothing breaks that cycle. It is the case of B14, which tokio has fixed.",
    },
    Finding {
        of: &["monoio"],
        checks: &["B15"],
        shown: ["tests", "it", "monoio_drops_a_chain_of_tasks_inside_each_other"],
        es: "Los wakers de monoio son los dueños de la tarea: soltar el último la destruye en ese momento. Si esa tarea tenía el último waker de otra, la otra se destruye dentro de la primera. Una cadena larga desborda la pila.",
        en: "A task of monoio is owned by its wakers: dropping the last one drops the task at once. If that task had the last waker of another, the other is dropped inside the first. A long chain overflows the stack.",
    },
];

/// The checks of one part of the contract that an executor fails, each with the test that shows it.
pub fn fails(name: &str, part: char) -> Vec<(&'static str, &'static str)> {
    let of_it = FINDINGS.iter().filter(|finding| finding.of.contains(&name));
    let checks = of_it.flat_map(|finding| finding.checks.iter().map(|check| (*check, finding.shown[2])));
    checks.filter(|(check, _)| check.starts_with(part)).collect()
}
