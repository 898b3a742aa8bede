"""Measuring two programs beside each other on a noisy machine.

A bench program prints one JSON line on stdout: {"seconds": 1.5, ...}, where
other keys are quality ("ndcg@10", "recall", "loss") or size ("mib"). Here both
are run in turn, ours first and the peer first by turns, and medians are taken,
so that a slow minute of the machine falls on both.
"""

import json
import os
import statistics
import subprocess
import sys

THREADS = str(len(os.sched_getaffinity(0)))


def run_once(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}: "
                 f"{done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def medians(rows):
    return {key: statistics.median(row[key] for row in rows)
            for key in rows[0] if isinstance(rows[0][key], (int, float))}


def compare(name, ours, peer, runs=5, environment=None):
    """Alternates `ours` and `peer` (argument lists) and prints one JSON line:
    medians of both and ratio = peer's seconds / ours."""
    results = {"ours": [], "peer": []}
    for i in range(runs):
        order = [("ours", ours), ("peer", peer)]
        for side, command in order if i % 2 == 0 else reversed(order):
            results[side].append(run_once(command, environment))
    row = {"bench": name, "runs": runs, "threads": THREADS,
           "load": round(os.getloadavg()[0], 2),
           "ours": medians(results["ours"]), "peer": medians(results["peer"])}
    row["ratio"] = round(row["peer"]["seconds"] / row["ours"]["seconds"], 3)
    print(json.dumps(row), flush=True)
    return row
