# Poll by Poll: one grammar for every lesson. Each recipe is a cargo command that you may as well type yourself.

set positional-arguments := true
set shell := ["bash", "-euc"]

# List the recipes
default:
    @just --list --unsorted

# Play a lesson's scene, or start its server: just run threads stalled --stage 1 | just run threads serve
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
    file() {
        local name=${1//-/_}
        ls crates/*-{{lesson}}/src/{s"$name"_*,s[0-9]*_"$name",on_"${name%_current}"}.rs 2>/dev/null | grep . ||
            { echo "error: {{lesson}} has no stage and no runtime $1" >&2; exit 2; }
    }
    one=$(file {{one}}); two=$(file {{two}})
    [ "$one" != "$two" ] || { echo "{{one}} and {{two}} are the same file: $one"; exit; }
    git --no-pager diff --no-index --color=auto -- "$one" "$two" || [ $? = 1 ]

# Check your exercise, all of it or one step: just exercise threads 2
[group('learn')]
[no-exit-message]
exercise lesson step="":
    @[ -z "{{step}}" ] || cargo test -q -p {{lesson}} --test exercise -- --list | grep "^step-{{step}}::" >/dev/null || { echo "error: the exercise of {{lesson}} has no step {{step}}" >&2; exit 2; }
    @cargo test -q -p {{lesson}} --test exercise -- {{ if step == "" { "" } else { "step-" + step } }}

# Put an exercise back as it was; what you wrote is kept beside it as mod.rs.mine
[group('learn')]
[no-exit-message]
exercise-reset lesson:
    #!/usr/bin/env bash
    set -eu
    file=$(echo crates/*-{{lesson}}/exercise/mod.rs)
    if git diff --quiet HEAD -- "$file"; then echo "The exercise is as it was already."; exit; fi
    cp --backup=numbered "$file" "$file.mine"
    git checkout --quiet HEAD -- "$file"
    echo "The exercise is as it was; what you wrote is in $file.mine."

# Grade a file that was handed in as a lesson's exercise: just grade threads handed-in/ana.rs --json
[group('learn')]
[no-cd]
[no-exit-message]
grade *arguments:
    @cargo run -q --manifest-path "{{justfile_directory()}}/Cargo.toml" -p harness --features grade --bin grade -- "$@"

# Talk to a chat server: just chat 127.0.0.1:8080
[group('chat')]
[no-exit-message]
chat address *arguments:
    @cargo run -q -p chat-tools --bin chat -- "$@"

# Judge a chat server by its address, or by the command that starts it
[group('chat')]
[no-exit-message]
check-chat *target:
    @cargo run -q -p harness --bin check-chat -- "$@"

# The checks of executors on every stage of lesson 5 and on every runtime, in one table: just matrix tokio --part b
[group('check')]
[no-exit-message]
matrix *arguments:
    @cargo run -q -p tests --example matrix -- "$@"

# Put every server under the same loads, and print one table: just load-table --rounds 1 --only tokio --load 100/10
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
    # Next to the row that it is compared with, since the machine drifts.
    rows+=(--server "limit=$bin/limit-server")
    row "tokio-current, mailbox, Nagle" async-chat --runtime tokio-current --nodelay false
    exec "$bin/load-table" "${rows[@]}" --rate 5000 --seconds 4 "$@"

# Count the instructions that an unheard event of lesson 3 costs, against a build that has no events
[group('measure')]
[no-exit-message]
event-cost:
    #!/usr/bin/env bash
    set -euo pipefail
    command -v valgrind >/dev/null || { echo "just event-cost needs valgrind, which counts instructions" >&2; exit 1; }
    bin=${CARGO_TARGET_DIR:-target}/event-cost
    build() {
        cargo build -q --release -p future --example event_cost "${@:2}"
        cp "${CARGO_TARGET_DIR:-target}/release/examples/event_cost" "$bin-$1"
    }
    build off --features tracing/release_max_level_off
    build on
    # Of the second hundred thousand, so that what happens once does not count.
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

# Compare a lesson's parts with those of others, all or the rows whose names contain a word: just bench waker mpsc --json | just bench executor --list
[group('measure')]
[no-exit-message]
bench lesson *arguments:
    @shift; cargo bench -q -p {{lesson}} --bench '*' -- "$@"

# Hold ten thousand joined, idle clients, and say what each costs the server's heap
[group('measure')]
[no-exit-message]
idle:
    @cargo test -q -p async-chat --test contract -- --ignored --test-threads 1 --nocapture joined_idle_clients

# Run the tests, all of them or one package's
[group('check')]
[no-exit-message]
test package="":
    @cargo test {{ if package == "" { "--workspace" } else { "-p " + package } }}

# The same with nextest, which runs no doctests, and then those
[group('check')]
nextest:
    cargo nextest run --workspace
    cargo test --workspace --doc

# Every order in which two threads can meet, within a model's bound if it has one, for all lessons with models; and each guarded line taken out
[group('check')]
loom:
    @just _models --no-fail-fast

# The same models with at most two preemptions
[group('check')]
loom-quick:
    @LOOM_MAX_PREEMPTIONS=2 just _models --test loom_models

_models *arguments:
    #!/usr/bin/env bash
    set -eu
    # In a folder of its own: under another cfg everything is built anew.
    export RUSTFLAGS="--cfg loom_model"
    for sync in crates/*/src/sync.rs; do
        lesson=${sync#crates/??-}
        tests=("$@")
        [ "${1-}" = --test ] || tests+=(--test 'loom_*')
        cargo test -q -p "${lesson%%/*}" --profile models --target-dir target/loom "${tests[@]}"
    done

# Whole pools of threads in a thousand random orders of each kind
[group('check')]
shuttle:
    @just _shuttle --test shuttle_pools

# The same, and each guarded line of a pool taken out
[group('check')]
shuttle-guards:
    @just _shuttle --no-fail-fast --test 'shuttle_*'

_shuttle *arguments:
    @SHUTTLE_SILENCE_WARNINGS=1 RUSTFLAGS="--cfg shuttle_model" cargo test -q -p executor --profile models --target-dir target/shuttle "$@"

# A lesson's last stages under random load, for as long as it is told: just stress executor --seconds 60 --seed 5
[group('check')]
[no-exit-message]
stress lesson *arguments:
    @shift; cargo run -q --release -p {{lesson}} --example stress -- "$@"

# AddressSanitizer over the tests of what holds unsafe code: just asan | just asan timeline
[group('check')]
asan *packages:
    #!/usr/bin/env bash
    set -eu
    packages=({{ if packages == "" { "harness timeline future waker executor" } else { packages } }})
    # The sanitizer is for nightly compilers; this variable lets ours have it. Doctests would need a second build of all.
    export RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address
    export LSAN_OPTIONS="suppressions=$PWD/crates/peers/lsan.supp:print_suppressions=0"
    cargo test --lib --tests "${packages[@]/#/-p}" --target x86_64-unknown-linux-gnu --target-dir target/asan

# Write the code excerpts of the notes anew: just notes-sync --check | just notes-sync --translated 01-hilos.md
[group('check')]
notes-sync *arguments:
    @cargo run -q -p tests --bin notes-sync -- "$@"

# Everything that must hold before a change lands
[group('check')]
ci:
    @bash .ci/run

# Licences, sources and known vulnerabilities of every dependency
[group('check')]
[no-exit-message]
deny:
    @command -v cargo-deny >/dev/null || { echo "just deny needs cargo-deny: cargo install cargo-deny --locked" >&2; exit 1; }
    cargo deny check
