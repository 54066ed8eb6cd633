# Poll by Poll: one grammar for every lesson. Each recipe is a cargo command that you can also type yourself.

set positional-arguments := true
set shell := ["bash", "-euc"]

# List the recipes
default:
    @just --list --unsorted

# Run a lesson's scene, or start its server: just run threads stalled --stage 1 | just run threads serve
[group('learn')]
[no-exit-message]
run lesson *arguments:
    @shift; cargo run -q -p {{lesson}} -- "$@"

# Show the difference between two stages or runtimes: just diff threads 1 2 | just diff async-chat async-std tokio
[group('learn')]
[no-exit-message]
diff lesson one two:
    #!/usr/bin/env bash
    set -eu
    # A stage is a file or a folder, whose main file is mod.rs.
    stage() {
        local name=${1//-/_}
        ls -d crates/??-{{lesson}}/src/{s"$name"_*,s[0-9]*_"$name",on_"${name%_current}"}{.rs,/} 2>/dev/null | grep . ||
            { echo "error: {{lesson}} has no stage and no runtime $1" >&2; exit 2; }
    }
    changes() { git --no-pager diff --no-index --color=auto -- "$1" "$2" || [ $? = 1 ]; }
    # The parts that a stage imports.
    parts() {
        for part in crates/??-{{lesson}}/src/parts/*.rs; do
            name=$(basename "$part" .rs)
            ! grep -rhvE '^ *//' "$1" | grep -E "(^|[ {:])$name(::|,\$)" >/dev/null || echo "$part"
        done
    }
    one=$(stage {{one}}); two=$(stage {{two}})
    [ "$one" != "$two" ] || { echo "{{one}} and {{two}} are the same file: $one"; exit; }
    case "$one $two" in
        */\ */) changes "$one" "$two" ;;
        *.rs\ *.rs) changes "$one" "$two" ;;
        # A file against a folder: its main file, then the other files of the folder, which are new or gone.
        *.rs\ */) changes "$one" "$two"mod.rs; for file in "$two"*.rs; do [ "$file" = "$two"mod.rs ] || changes /dev/null "$file"; done ;;
        */\ *.rs) changes "$one"mod.rs "$two"; for file in "$one"*.rs; do [ "$file" = "$one"mod.rs ] || changes "$file" /dev/null; done ;;
    esac
    # Then the parts that only the second stage imports.
    comm -13 <(parts "$one") <(parts "$two") | while read -r part; do changes /dev/null "$part"; done

# Check your exercise, all of it or one step: just exercise threads 2
[group('learn')]
[no-exit-message]
exercise lesson step="":
    @[ -z "{{step}}" ] || cargo test -q -p {{lesson}} --test exercise -- --list | grep "^step-{{step}}::" >/dev/null || { echo "error: the exercise of {{lesson}} has no step {{step}}" >&2; exit 2; }
    @cargo test -q -p {{lesson}} --test exercise -- {{ if step == "" { "" } else { "step-" + step } }}

# Restore an exercise; your version is kept beside it as mod.rs.mine
[group('learn')]
[no-exit-message]
exercise-reset lesson:
    #!/usr/bin/env bash
    set -eu
    file=$(echo crates/*-{{lesson}}/exercise/mod.rs)
    if git diff --quiet HEAD -- "$file"; then echo "The exercise is unchanged: there is nothing to restore."; exit; fi
    cp --backup=numbered "$file" "$file.mine"
    git checkout --quiet HEAD -- "$file"
    echo "The exercise is restored; your version is in $file.mine."

# Grade a handed-in exercise: just grade threads handed-in/ana.rs --json
[group('learn')]
[no-cd]
[no-exit-message]
grade *arguments:
    @cargo run -q --manifest-path "{{justfile_directory()}}/Cargo.toml" -p harness --bin grade -- "$@"

# Talk to a chat server: just chat 127.0.0.1:8080
[group('chat')]
[no-exit-message]
chat address *arguments:
    @cargo run -q -p chat-tools --bin chat -- "$@"

# Judge a chat server, given its address or the command that starts it
[group('chat')]
[no-exit-message]
check-chat *target:
    @cargo run -q -p harness --bin check-chat -- "$@"

# Run the checks of wakers and executors on every stage of lessons 5 and 6 and on every runtime, and print one table: just matrix tokio --part b
[group('check')]
[no-exit-message]
matrix *arguments:
    @cargo run -q -p tests --example matrix -- "$@"

# Load every server in the same way, and print one table: just load-table --rounds 1 --only tokio --load 100/10
[group('measure')]
[no-exit-message]
load-table *arguments:
    #!/usr/bin/env bash
    set -eu
    cargo build -q --release -p chat-tools -p threads -p async-chat
    bin=${CARGO_TARGET_DIR:-target}/release
    row() { rows+=(--server "$1=$bin/$2 serve --listen 127.0.0.1:0 --log off${3:+ ${*:3}}"); }
    rows=()
    row threads threads
    for runtime in async-std smol tokio tokio-current; do
        row "$runtime, plain" async-chat --runtime $runtime --stage plain
        row "$runtime, plain, nodelay" async-chat --runtime $runtime --stage plain --nodelay true
        row "$runtime, mailbox" async-chat --runtime $runtime --stage mailbox
        rows+=(--pair "$runtime, mailbox/$runtime, plain" --pair "$runtime, mailbox/$runtime, plain, nodelay")
    done
    # These two rows are compared, so they run next to each other: the machine's speed drifts.
    rows+=(--server "limit=$bin/limit-server")
    row "tokio-current, mailbox, Nagle" async-chat --runtime tokio-current --nodelay false
    exec "$bin/load-table" "${rows[@]}" --rate 5000 --seconds 4 "$@"

# Count the instructions that an event of lesson 3 costs when nobody records, against a build without events
[group('measure')]
[no-exit-message]
event-cost:
    #!/usr/bin/env bash
    set -euo pipefail
    command -v valgrind >/dev/null || { echo "just event-cost counts instructions with valgrind; install valgrind first" >&2; exit 1; }
    bin=${CARGO_TARGET_DIR:-target}/event-cost
    build() {
        cargo build -q --release -p future --example event_cost "${@:2}"
        cp "${CARGO_TARGET_DIR:-target}/release/examples/event_cost" "$bin-$1"
    }
    build off --features tracing/release_max_level_off
    build on
    # The difference between 200,000 and 100,000 polls leaves out what happens only once.
    instructions() {
        local count=()
        for polls in 100000 200000; do
            count+=($(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bin-$1" "$2" $polls 2>&1 | sed -n 's/.*Collected : //p'))
        done
        echo $((count[1] - count[0]))
    }
    for future in delay timeout ticks; do
        events="$("$bin-on" $future 1000 heard) $("$bin-off" $future 1000 heard)"
        [ "$events" = "1000 0" ] || { echo "$future: 1000 polls should emit 1000 events, or none; found: $events" >&2; exit 1; }
        with=$(instructions on $future) without=$(instructions off $future)
        awk -v f=$future -v w=$with -v o=$without 'BEGIN {
            printf "%-8s %6.2f instructions a poll, %6.2f without events: %5.2f an event\n", f, w / 1e5, o / 1e5, (w - o) / 1e5
            exit w - o > 6e5 }' || { echo "an event costs more than 6 instructions" >&2; exit 1; }
    done

# Compare a lesson's code with other libraries, in all rows or in those whose name contains a word: just bench waker mpsc --json | just bench fast-executor --list
[group('measure')]
[no-exit-message]
bench lesson *arguments:
    @[ {{lesson}} != executor ] || { echo "The stages of executor are measured beside those of lesson 6: just bench fast-executor --subject executor" >&2; exit 2; }
    @shift; cargo bench -q -p {{lesson}} --bench '*' -- "$@"

# Connect ten thousand clients that join and stay idle, and print what each costs the server's heap
[group('measure')]
[no-exit-message]
idle:
    @cargo test -q -p async-chat --test contract -- --ignored --test-threads 1 --nocapture joined_idle_clients

# Run the tests that cargo test runs, of all packages or of one
[group('check')]
[no-exit-message]
test package="":
    @cargo test {{ if package == "" { "--workspace" } else { "-p " + package } }}

# Run the tests with nextest, then the doctests, which nextest does not run
[group('check')]
nextest:
    cargo nextest run --workspace
    cargo test --workspace --doc

# Run everything: the tests that `just test` leaves out, every model, every guard, and a minute of stress
[group('check')]
long: _long-tests loom shuttle-guards
    @just stress fast-executor --seconds 60

_long-tests:
    cargo test --workspace --tests -- --include-ignored
    cargo test --workspace --doc

# Run every loom model, then take out each guarded line, which must make its model fail
[group('check')]
loom:
    @just _loom --no-fail-fast

# Run the loom models with at most two preemptions, without the guards
[group('check')]
loom-quick:
    @LOOM_MAX_PREEMPTIONS=2 just _loom -- --skip guards::

# Another cfg rebuilds everything, so the models have a target folder of their own.
_loom *arguments:
    #!/usr/bin/env bash
    set -eu
    export RUSTFLAGS="--cfg loom_model"
    for models in crates/*/tests/models; do
        package=$(sed -n 's/^name = "\(.*\)"/\1/p' "${models%/tests/models}/Cargo.toml" | head -1)
        cargo test -q -p "$package" --profile models --target-dir target/loom --test models "$@"
    done

# Run whole pools of threads in thousands of random orders
[group('check')]
shuttle:
    @just _shuttle -- --skip guards::

# Run the same, then take out each guarded line of a pool
[group('check')]
shuttle-guards:
    @just _shuttle --no-fail-fast

_shuttle *arguments:
    #!/usr/bin/env bash
    set -eu
    export SHUTTLE_SILENCE_WARNINGS=1 RUSTFLAGS="--cfg shuttle_model"
    for package in executor fast-executor; do
        cargo test -q -p $package --profile models --target-dir target/shuttle --test models "$@"
    done

# Run the pools and the executor without atomics under random load: just stress fast-executor --seconds 60 --seed 5
[group('check')]
[no-exit-message]
stress lesson *arguments:
    @shift; cargo run -q --release -p {{lesson}} --example stress -- "$@"

# Run the tests of all crates with unsafe code under AddressSanitizer: just asan | just asan timeline
[group('check')]
asan *packages:
    #!/usr/bin/env bash
    set -eu
    packages=({{ if packages == "" { "harness timeline future waker fast-executor" } else { packages } }})
    # The sanitizer needs a nightly compiler, or this variable. Doctests are left out: they would build everything again.
    export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address
    export LSAN_OPTIONS="suppressions=$PWD/crates/peers/lsan.supp:print_suppressions=0"
    cargo test --tests "${packages[@]/#/-p}" --target x86_64-unknown-linux-gnu --target-dir target/asan

# Update the code excerpts of the notes: just notes-sync --check | just notes-sync --translated 01-hilos.md
[group('check')]
notes-sync *arguments:
    @cargo run -q -p tests --bin notes-sync -- "$@"

# Run everything that must pass before a change lands
[group('check')]
ci:
    @bash .ci/run

# Check the licences, sources and known vulnerabilities of every dependency
[group('check')]
[no-exit-message]
deny:
    @command -v cargo-deny >/dev/null || { echo "just deny needs cargo-deny: cargo install cargo-deny --locked" >&2; exit 1; }
    cargo deny check
