#!/bin/sh
# peers.sh FOLDER: a throw-away Python environment with the programs that
# reckon is measured beside. Does nothing when the folder has them.
set -eu
folder=${1:?"usage: peers.sh FOLDER"}

[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/python" -c 'import implicit, scipy, faiss, hnswlib, jax, optax' \
    2>/dev/null ||
    "$folder/bin/python" -m pip install --quiet \
        implicit==0.7.3 scipy faiss-cpu hnswlib jax optax
