"""ials_peer.py FOLDER WIDTH: as bench/ials.c, by `implicit`.

implicit minimises sum over seen of c (1 - pq)^2 + sum over unseen of (pq)^2 +
reg (|p|^2 + |q|^2). With c = (1 + a0) / a0, reg = lambda (1 + a0) / a0 and
factors divided by sqrt(1 + a0), that is a0 / (1 + a0)^2 times ours but for a
constant, so both minimise the same.
"""

import json
import os
import statistics
import sys
import time

import numpy
import scipy.sparse
from implicit.cpu.als import AlternatingLeastSquares

EPOCHS, UNSEEN, LAMBDA = 10, 0.1, 1.0
folder, width = sys.argv[1], int(sys.argv[2])
ids, rows, cols = {}, [], []
with open(os.path.join(folder, "sequences.tsv")) as file:
    next(file)
    for user, line in enumerate(file):
        history = [ids.setdefault(i, len(ids)) for i in
                   line.split("\t")[2].replace(",", " ").split()][:-1]
        rows += [user] * len(history)
        cols += history
x = scipy.sparse.csr_matrix(
    (numpy.ones(len(rows), numpy.float32), (rows, cols)),
    shape=(user + 1, len(ids)))

scale = (1 + UNSEEN) / UNSEEN
model = AlternatingLeastSquares(
    factors=width, alpha=scale, regularization=LAMBDA * scale, use_cg=True,
    iterations=EPOCHS, num_threads=len(os.sched_getaffinity(0)),
    random_state=1)
draw = numpy.random.default_rng(1)
spread = 0.1 / width ** 0.5 * (1 + UNSEEN) ** 0.5
model.user_factors = draw.normal(0, spread, (user + 1, width)).astype("f4")
model.item_factors = draw.normal(0, spread, (len(ids), width)).astype("f4")
wall, cpu = [], []
model.fit_callback = lambda epoch, seconds, *_: (
    wall.append(seconds), cpu.append(time.process_time()))
model.fit(x, show_progress=False)

p = model.user_factors.astype("f8") / (1 + UNSEEN) ** 0.5
q = model.item_factors.astype("f8") / (1 + UNSEEN) ** 0.5
seen = (p[rows] * q[cols]).sum(1)
loss = (((1 - seen) ** 2).sum() + UNSEEN * ((p.T @ p) * (q.T @ q)).sum()
        + LAMBDA * ((p ** 2).sum() + (q ** 2).sum()))
print(json.dumps({
    "seconds": statistics.median(wall[1:]),
    "cpu": statistics.median(b - a for a, b in zip(cpu, cpu[1:])),
    "loss": round(loss, 1)}))
