"""vector.py BUILD PEERS FOLDER [WAY ...]: nearest vectors beside faiss and
hnswlib on one core, in queries per CPU second at a stated recall.

BUILD holds bench/bench_vector (ninja -C BUILD bench/bench_vector), PEERS is
the environment of peers.sh, FOLDER takes 150 MB of made data. WAY is one of
f32, i8, bits, many, graph; all of them when none is named.
"""

import os
import subprocess
import sys

import pairs

PEER_OF = {"f32": "flat", "i8": "sq8", "bits": "sq8", "many": "sq8",
           "graph": "hnsw"}


def main(build, peers, folder, *ways):
    ours = f"{build}/bench/bench_vector"
    peer = [f"{peers}/bin/python",
            os.path.join(os.path.dirname(__file__), "vector_peer.py")]
    for needed, how in ((ours, f"ninja -C {build} bench/bench_vector"),
                        (peer[0], f"sh bench/peers.sh {peers}")):
        if not os.path.exists(needed):
            sys.exit(f"{needed} is missing: {how}")
    if not os.path.exists(f"{folder}/nearest.u32"):
        subprocess.run([*peer, "make", folder], check=True)
    for way in ways or PEER_OF:
        # A graph takes a minute to build, so it is built twice, not five times.
        pairs.compare(f"vector {way} / {PEER_OF[way]}", [ours, folder, way],
                      [*peer, folder, PEER_OF[way]],
                      runs=2 if way == "graph" else 5)


if len(sys.argv) < 4:
    sys.exit(__doc__)
main(*sys.argv[1:])
