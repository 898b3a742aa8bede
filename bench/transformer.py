"""transformer.py FOLDER PEERS [EPOCHS [RUNS]]: training the transformer beside
the same model in JAX, seconds of an epoch. FOLDER holds ml-1m-loo, PEERS is
what bench/peers.sh made; the program is built by
`ninja -C build bench/bench_transformer`."""

import os
import sys

import pairs

if len(sys.argv) < 3:
    sys.exit("usage: transformer.py FOLDER PEERS [EPOCHS [RUNS]]")
here = os.path.dirname(os.path.abspath(__file__))
folder, peers = sys.argv[1:3]
epochs = sys.argv[3] if len(sys.argv) > 3 else "1"
runs = int(sys.argv[4]) if len(sys.argv) > 4 else 3
program = os.path.join(here, "..", "build", "bench", "bench_transformer")
if not os.path.exists(program):
    sys.exit(f"{program} is missing: ninja -C build bench/bench_transformer")
pairs.compare("transformer", [program, folder, epochs],
              [os.path.join(peers, "bin", "python"),
               os.path.join(here, "transformer_peer.py"), folder, epochs],
              runs=runs)
