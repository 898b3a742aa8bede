"""llm.py BUILD [MODEL]: what rk_llm_likelihood() costs beside a bare loop over
libllama, on one core, in CPU seconds; then 20 titles after a history of some
300 tokens, read anew (cold) and kept (warm), on all cores, in wall seconds.

BUILD holds bench/bench_llm (ninja -C BUILD bench/bench_llm); MODEL is a name or
a path, smollm2 unless given.
"""

import json
import os
import sys

import pairs


def main(build, model="smollm2"):
    program = f"{build}/bench/bench_llm"
    if not os.path.exists(program):
        sys.exit(f"{program} is missing: ninja -C {build} bench/bench_llm")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    pairs.compare("llm likelihood / bare loop", [program, model, "ours"],
                  [program, model, "raw"])
    os.sched_setaffinity(0, cores)
    for way in ("cold", "warm"):
        row = pairs.medians([pairs.run_once([program, model, way])
                             for _ in range(3)])
        print(json.dumps({"bench": f"llm {way}", "threads": len(cores),
                          "load": round(os.getloadavg()[0], 2), **row}))


if len(sys.argv) < 2:
    sys.exit(__doc__)
main(*sys.argv[1:])
