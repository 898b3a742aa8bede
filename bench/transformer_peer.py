"""transformer_peer.py FOLDER [EPOCHS [OF]]: the model of bench/transformer.c in
JAX with optax: the same shape, windows, batches, dropout, loss and schedule,
padded as is usual. Prints one line of JSON; each epoch goes to stderr."""

import json
import os
import resource
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

WIDTH, BLOCKS, HEADS, CONTEXT, BATCH, DROPOUT = 64, 2, 2, 128, 48, 0.2


def lines(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        sys.exit(f"{path} is missing: the folder is ml-1m-loo's")
    with open(path, encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f][1:]


def read(folder):
    index = {row[0]: i for i, row in enumerate(lines(folder, "items.tsv"))}
    train, asked, truth = [], [], []
    for _, validation, history, *_ in lines(folder, "sequences.tsv"):
        items = [index[i] for i in history.split()]
        watched = validation in ("1", "True", "true")
        train.append(items[:-2] if watched else items[:-1])
        if watched:
            asked.append(items[:-1])
            truth.append(items[-1])
    return len(index), train, asked, np.array(truth)


def start(key, n_items):
    keys = iter(jax.random.split(key, 64))

    def normal(*shape, std=0.02):
        return jax.random.normal(next(keys), shape) * std

    unit = WIDTH ** -0.5
    weights = {"items": normal(n_items + 1, WIDTH),
               "places": normal(CONTEXT, WIDTH),
               "norm": jnp.ones(WIDTH), "bias": jnp.zeros(n_items)}
    for i in range(BLOCKS):
        weights[f"block{i}"] = {
            "qkv": normal(WIDTH, 3 * WIDTH, std=unit),
            "out": normal(WIDTH, WIDTH, std=unit / 2),
            "up": normal(WIDTH, 4 * WIDTH, std=unit),
            "down": normal(4 * WIDTH, WIDTH, std=unit / 4),
            "norm1": jnp.ones(WIDTH), "norm2": jnp.ones(WIDTH)}
    return weights


def norm(x, gain):
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt(x.var(-1, keepdims=True) + 1e-6) * gain


def drop(x, key, place):
    if key is None:
        return x
    kept = jax.random.bernoulli(jax.random.fold_in(key, place), 1 - DROPOUT,
                                x.shape)
    return jnp.where(kept, x / (1 - DROPOUT), 0)


def encode(weights, x, key=None):
    n_items = weights["items"].shape[0] - 1
    mask = jnp.tril(jnp.ones((CONTEXT, CONTEXT), bool))[None, None]
    mask = mask & (x < n_items)[:, None, None, :]
    h = weights["items"][x] * WIDTH ** 0.5 + weights["places"][None]
    h = drop(h, key, 0)
    for i in range(BLOCKS):
        w = weights[f"block{i}"]
        qkv = norm(h, w["norm1"]) @ w["qkv"]
        q, k, v = (part.reshape(-1, CONTEXT, HEADS, WIDTH // HEADS)
                   .transpose(0, 2, 1, 3) for part in jnp.split(qkv, 3, -1))
        a = q @ k.transpose(0, 1, 3, 2) * (WIDTH // HEADS) ** -0.5
        a = jax.nn.softmax(jnp.where(mask, a, -1e9), -1)
        a = drop(a, key, 10 + i) @ v
        a = a.transpose(0, 2, 1, 3).reshape(h.shape) @ w["out"]
        h = h + drop(a, key, 20 + i)
        a = jax.nn.gelu(norm(h, w["norm2"]) @ w["up"]) @ w["down"]
        h = h + drop(a, key, 30 + i)
    return norm(h, weights["norm"])


def loss_of(weights, x, y, key):
    n_items = weights["bias"].shape[0]
    logits = (encode(weights, x, key) @ weights["items"][:n_items].T
              + weights["bias"])
    real = y < n_items
    losses = optax.softmax_cross_entropy_with_integer_labels(
        logits, jnp.where(real, y, 0))
    return (losses * real).sum() / real.sum()


def windows(train, n_items, rng):
    inputs, targets = [], []
    for items in train:
        long = len(items) > CONTEXT
        off = rng.integers(CONTEXT) if long else 0
        ends = list(range(len(items) - off, 1, -CONTEXT))
        for end in ([len(items)] if off else []) + ends:
            window = items[max(0, end - CONTEXT - 1):end]
            row = np.full((2, CONTEXT), n_items, np.int32)
            row[0, CONTEXT - len(window) + 1:] = window[:-1]
            row[1, CONTEXT - len(window) + 1:] = window[1:]
            inputs.append(row[0])
            targets.append(row[1])
    order = rng.permutation(len(inputs))
    return np.array(inputs)[order], np.array(targets)[order]


@jax.jit
def score(weights, x):
    n_items = weights["bias"].shape[0]
    return (encode(weights, x)[:, -1] @ weights["items"][:n_items].T
            + weights["bias"])


def ndcg(weights, n_items, asked, truth):
    rows = np.full((len(asked), CONTEXT), n_items, np.int32)
    for i, items in enumerate(asked):
        rows[i, CONTEXT - len(items[-CONTEXT:]):] = items[-CONTEXT:]
    scores = np.array(score(weights, rows))
    for i, items in enumerate(asked):
        scores[i, items] = -np.inf
    own = scores[np.arange(len(truth)), truth][:, None]
    rank = 0.5 + (scores > own).sum(1) + (scores == own).sum(1) / 2
    return float(np.where(rank <= 10, 1 / np.log2(rank + 1), 0).mean())


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: transformer_peer.py FOLDER [EPOCHS [OF]]")
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    of = int(sys.argv[3]) if len(sys.argv) > 3 else epochs
    n_items, train, asked, truth = read(sys.argv[1])
    rng = np.random.default_rng(0)
    key = jax.random.PRNGKey(0)
    weights = start(key, n_items)
    n = -(-len(windows(train, n_items, rng)[0]) // BATCH)
    rate = optax.warmup_cosine_decay_schedule(
        0, 1e-3, min(200, of * n // 10), of * n, 2e-5)
    optimiser = optax.adamw(rate, b2=0.98, weight_decay=1e-5)
    state = optimiser.init(weights)

    @jax.jit
    def step(weights, state, x, y, key):
        loss, grads = jax.value_and_grad(loss_of)(weights, x, y, key)
        updates, state = optimiser.update(grads, state, weights)
        return optax.apply_updates(weights, updates), state, loss

    at = (time.monotonic(), cpu())
    for epoch in range(epochs):
        inputs, targets = windows(train, n_items, rng)
        losses = positions = 0
        for i in range(0, len(inputs) - BATCH + 1, BATCH):
            x, y = inputs[i:i + BATCH], targets[i:i + BATCH]
            weights, state, loss = step(
                weights, state, x, y, jax.random.fold_in(key, epoch << 16 | i))
            real = int((y < n_items).sum())
            losses += float(loss) * real
            positions += real
        row = {"seconds": (time.monotonic() - at[0]) / (epoch + 1),
               "cpu_seconds": (cpu() - at[1]) / (epoch + 1),
               "epochs": epoch + 1, "loss": losses / positions,
               "ndcg@10": ndcg(weights, n_items, asked, truth)}
        print(row, file=sys.stderr, flush=True)
    print(json.dumps({k: round(v, 4) for k, v in row.items()}))


main()
