"""vector_peer.py make FOLDER [cluster|random] [N]: data for bench/vector.c.
vector_peer.py FOLDER flat|sq8|hnsw: the same searches by faiss and hnswlib.

Unit vectors of 384 dimensions: a mixture of 2,000 clusters, or spread evenly;
200 queries of the same kind. To be run by the Python of bench/peers.sh.
"""

import json
import os
import statistics
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np

D, K, N_QUERIES, ROUNDS = 384, 10, 200, 5


def unit(x):
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x


def make(folder, kind="cluster", n=100000):
    rng = np.random.default_rng(0)
    centres = unit(rng.standard_normal((2000, D), dtype=np.float32))

    def draw(m):
        noise = unit(rng.standard_normal((m, D), dtype=np.float32))
        if kind == "random":
            return noise
        return unit(centres[rng.integers(0, 2000, m)] + np.float32(.8) * noise)

    os.makedirs(folder, exist_ok=True)
    vectors, queries = draw(int(n)), draw(N_QUERIES)
    scores = queries @ vectors.T
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :K]
    vectors.tofile(f"{folder}/vectors.f32")
    queries.tofile(f"{folder}/queries.f32")
    nearest.astype(np.uint32).tofile(f"{folder}/nearest.u32")


def measure(search, queries, nearest):
    search(queries[0])
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        found = [search(query) for query in queries]
        seconds.append(time.process_time() - start)
    hit = sum(len(set(map(int, f)) & set(map(int, t)))
              for f, t in zip(found, nearest))
    return statistics.median(seconds), hit / nearest.size


def faiss_index(vectors, way):
    import faiss
    faiss.omp_set_num_threads(1)
    if way == "flat":
        index = faiss.IndexFlatIP(D)
    else:
        index = faiss.IndexScalarQuantizer(D, faiss.ScalarQuantizer.QT_8bit,
                                           faiss.METRIC_INNER_PRODUCT)
        index.train(vectors[:20000])
    index.add(vectors)
    return index


def hnsw(vectors, queries, nearest):
    import hnswlib
    index = hnswlib.Index("ip", D)
    index.init_index(len(vectors), M=16, ef_construction=200, random_seed=0)
    index.set_num_threads(1)
    start = time.process_time()
    index.add_items(vectors)
    row = {"build_seconds": time.process_time() - start}
    for ef in (20, 50, 100):
        index.set_ef(ef)
        seconds, recall = measure(lambda q: index.knn_query(q, K)[0][0],
                                  queries, nearest)
        row |= {f"recall_ef{ef}": recall, f"qps_ef{ef}": N_QUERIES / seconds}
        if ef == 50:
            row["seconds"] = seconds
    return row


def run(folder, way):
    vectors = np.fromfile(f"{folder}/vectors.f32", np.float32).reshape(-1, D)
    queries = np.fromfile(f"{folder}/queries.f32", np.float32).reshape(-1, D)
    nearest = np.fromfile(f"{folder}/nearest.u32", np.uint32).reshape(-1, K)
    if way == "hnsw":
        return hnsw(vectors, queries, nearest)
    start = time.process_time()
    index = faiss_index(vectors, way)
    built = time.process_time() - start
    seconds, recall = measure(lambda q: index.search(q[None], K)[1][0],
                              queries, nearest)
    return {"build_seconds": built, "seconds": seconds, "recall": recall,
            "qps": N_QUERIES / seconds}


if sys.argv[1] == "make":
    make(*sys.argv[2:])
else:
    print(json.dumps(run(*sys.argv[1:3])))
