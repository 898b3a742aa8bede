"""ials.py BUILD PEERS FOLDER: iALS beside implicit, at 64 and 128 factors.

BUILD is the build folder (`ninja -C BUILD bench/bench_ials` first), PEERS the
environment of bench/peers.sh, FOLDER the one of ml-1m-loo.
"""

import os
import sys

import pairs

build, peers, folder = sys.argv[1:4]
here = os.path.dirname(os.path.abspath(__file__))
for width in "64", "128":
    pairs.compare(
        f"ials d={width}",
        [os.path.join(build, "bench", "bench_ials"), folder, width],
        [os.path.join(peers, "bin", "python"),
         os.path.join(here, "ials_peer.py"), folder, width],
        environment={"OPENBLAS_NUM_THREADS": "1"})
