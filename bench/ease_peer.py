"""ease_peer.py FOLDER: EASE on ml-1m-loo by scipy in float32, beside
bench/ease.c: Gram matrix by ssyrk, potrf and potri in place."""

import json
import os
import resource
import statistics
import sys
import time

import numpy as np
from scipy.linalg import blas, lapack

LAMBDA = 600
RUNS = 3


def histories(folder):
    ids, rows = {}, []
    with open(os.path.join(folder, "sequences.tsv")) as f:
        f.readline()
        for line in f:
            items = [ids.setdefault(i, len(ids))
                     for i in line.split("\t")[2].split()]
            rows.append(items[:-1])
    return rows, len(ids)


def ease(rows, n):
    x = np.zeros((n, len(rows)), np.float32, order="F")
    for u, items in enumerate(rows):
        x[items, u] = 1
    p = blas.ssyrk(1, x, lower=1)
    del x
    p[np.diag_indices(n)] += LAMBDA
    p, info = lapack.spotrf(p, lower=1, overwrite_a=1)
    assert info == 0
    p, info = lapack.spotri(p, lower=1, overwrite_c=1)
    assert info == 0
    p += np.tril(p, -1).T
    p /= -np.diag(p).copy()
    p[np.diag_indices(n)] = 0
    return p


def resident_mib():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2 ** 20


rows, n = histories(sys.argv[1])
before = resident_mib()
seconds = []
for _ in range(RUNS):
    start = time.process_time()
    b = ease(rows, n)
    seconds.append(time.process_time() - start)
    norm = float(np.sqrt(np.einsum("ij,ij->", b, b, dtype=np.float64)))
    del b
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": statistics.median(seconds),
                  "mib": round(peak - before, 1), "norm": round(norm, 5)}))
