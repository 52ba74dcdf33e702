#!/bin/sh
# Measures this checkout on this machine: a release server on a fresh store, and in the same minute
# the empty-answer rate, the raw bound and each workload; several runs, then a table with ratios.
#
#   bench/run.sh                                     SQLite
#   DATABASE=postgres://user@host/base bench/run.sh  PostgreSQL (an empty database)
#
# RUNS (3), CONNECTIONS (32), DURATION (10s, in seconds), WAITING (40000 messages to claim per run), OUT (a folder).
# Every raw answer stays in OUT as JSON. docs/performance.md tells how to read the table.
set -eu

cd "$(dirname "$0")/.."
RUNS=${RUNS:-3}
CONNECTIONS=${CONNECTIONS:-32}
DURATION=${DURATION:-10s}
WAITING=${WAITING:-40000}
LISTEN=${LISTEN:-127.0.0.1:8099}
OUT=${OUT:-$(mktemp -d)}
mkdir -p "$OUT"

if [ -z "${KOPPELTAAL:-}" ]; then
    cargo build --release --quiet
    KOPPELTAAL=${CARGO_TARGET_DIR:-target}/release/koppeltaal
fi
database=${DATABASE:-sqlite:$OUT/store.db}
case $database in
    sqlite:*) raw=sqlite:$OUT/raw.db batch=32 in_flight=2 ;;
    # PostgreSQL commits every message by itself, over as many connections.
    *) raw=$database batch=1 in_flight=$CONNECTIONS ;;
esac
url=http://$LISTEN
server=

stop() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
        server=
    fi
}
trap stop EXIT INT TERM

start() {
    "$KOPPELTAAL" serve --database "$database" --listen "$LISTEN" --public-url "$url" \
        >"$OUT/server.log" 2>&1 &
    server=$!
    tries=0
    until "$KOPPELTAAL" bench empty --url "$url" --path /readyz -c 1 -n 1 --json 2>/dev/null |
        grep -q '"count": 1,'; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! kill -0 "$server" 2>/dev/null; then
            echo "the server does not start; see $OUT/server.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# measure NAME RUN COMMAND…: the answer of `koppeltaal bench COMMAND… --json` into OUT/NAME.RUN.json
measure() {
    name=$1 run=$2
    shift 2
    "$KOPPELTAAL" bench "$@" --json >"$OUT/$name.$run.json"
}

"$KOPPELTAAL" bench provision >"$OUT/bench.toml"
"$KOPPELTAAL" apply "$OUT/bench.toml" --database "$database" >/dev/null
"$KOPPELTAAL" bench fill -n "$((WAITING * RUNS))" --database "$database" --json >"$OUT/fill.json"

for run in $(seq "$RUNS"); do
    rm -f "$OUT"/raw.db*
    start
    measure empty "$run" empty --url "$url" -c "$CONNECTIONS" -d 3s --warm-up 1s
    measure post "$run" kt1 post --url "$url" --provision "$OUT/bench.toml" -c "$CONNECTIONS" -d "$DURATION"
    measure post-one "$run" kt1 post --url "$url" --provision "$OUT/bench.toml" -c 1 -d 5s
    measure claim "$run" kt1 claim --url "$url" --provision "$OUT/bench.toml" -c "$CONNECTIONS" -d "$DURATION"
    measure browse "$run" kt1 browse --url "$url" --provision "$OUT/bench.toml" -c 1 -d 3s --warm-up 1s
    stop
    measure raw "$run" store post --database "$raw" --batch "$batch" --in-flight "$in_flight" -d "$DURATION"
    if [ "$raw" = "$database" ] && command -v pgbench >/dev/null; then
        "$KOPPELTAAL" bench store post --database "$raw" --pgbench "$OUT/post.sql" >/dev/null
        pgbench -n -M prepared -c "$CONNECTIONS" -j 1 -T "${DURATION%s}" -f "$OUT/post.sql" "$raw" \
            >"$OUT/pgbench.$run.txt" 2>&1
    fi
    measure commit "$run" store post --database "$raw" --batch 1 --in-flight 1 -d 3s
done

python3 - "$OUT" "$RUNS" "$CONNECTIONS" <<'PY'
import json, os, re, sys

folder, runs, connections = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def line(name, run, which):
    report = json.load(open(f"{folder}/{name}.{run}.json"))
    return next(line for line in report["lines"] if line["name"] == which)

def row(title, cells):
    print(f"| {title} | " + " | ".join(cells) + " |")

numbers = range(1, runs + 1)
row("", [f"run {n}" for n in numbers])
print("|---" * (runs + 1) + "|")

def rates(title, name, which):
    row(title, [f"{line(name, n, which)['per_second']:,.0f}" for n in numbers])

def latencies(title, name, which, key):
    row(title, [f"{line(name, n, which)[key]:.2f}" for n in numbers])

rates("empty answers/s", "empty", "GET")
rates("raw bound, messages/s", "raw", "messages")
rates(f"POST Mailbox, messages/s, {connections} connections", "post", "POST")
row("POST / raw bound", [
    f"{100 * line('post', n, 'POST')['per_second'] / line('raw', n, 'messages')['per_second']:.0f} %" for n in numbers
])
def pgbench(run):
    text = open(f"{folder}/pgbench.{run}.txt").read()
    return float(re.search(r"tps = ([0-9.]+)", text).group(1))

if os.path.exists(f"{folder}/pgbench.1.txt"):
    row("pgbench, messages/s", [f"{pgbench(n):,.0f}" for n in numbers])
    row("POST / pgbench", [f"{100 * line('post', n, 'POST')['per_second'] / pgbench(n):.0f} %" for n in numbers])
latencies("POST p50 ms", "post", "POST", "p50_ms")
latencies("POST p99 ms", "post", "POST", "p99_ms")
latencies("POST p50 ms, 1 connection", "post-one", "POST", "p50_ms")
latencies("one commit of the store, p50 ms", "commit", "commits", "p50_ms")
rates(f"claim + Success, pairs/s, {connections} connections", "claim", "pair")
latencies("pair p99 ms", "claim", "pair", "p99_ms")
latencies("browse page 1, p50 ms", "browse", "GET", "p50_ms")

failed = []
for name in ("empty", "post", "post-one", "claim", "browse"):
    for n in numbers:
        for each in json.load(open(f"{folder}/{name}.{n}.json"))["lines"]:
            failed += [f"{name} run {n} {each['name']} {why}: {count}" for why, count in each["errors"].items()]
print("\nErrors: " + ("none" if not failed else "; ".join(failed)))
print(f"Raw answers: {folder}")
PY
