"""ease.py BUILD PEERS FOLDER: EASE beside scipy's potrf and potri in float32.

BUILD is the build folder (`ninja -C BUILD bench/bench_ease` first), PEERS the
environment of bench/peers.sh, FOLDER the one of ml-1m-loo. Both run on one
core and "seconds" are CPU seconds: threads of BLAS that wait are counted as
busy, and neighbours on the machine are not.
"""

import os
import sys

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import pairs  # noqa: E402: it reads the affinity

build, peers, folder = sys.argv[1:4]
here = os.path.dirname(os.path.abspath(__file__))
pairs.compare(
    "ease",
    [os.path.join(build, "bench", "bench_ease"), folder],
    [os.path.join(peers, "bin", "python"),
     os.path.join(here, "ease_peer.py"), folder],
    environment={"OPENBLAS_NUM_THREADS": "1"})
