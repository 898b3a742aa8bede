"""served.py RECKON: the bookstore with all models behind a server, first there
and then gone. With it every way answers; without it auto stands in, and says
why. The stand-in server's model knows nothing: that it is asked is what counts.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from driving import ROOT, Store, check, done  # noqa: E402

BOOKS = os.path.join(ROOT, "examples", "bookstore")
WAYS = ("embeddings", "tokens", "llm", "rag")


def doctor(store):
    """Its lines, whatever its exit code."""
    found = subprocess.run([*store.command, "doctor"], capture_output=True,
                           text=True)
    return {line["section"]: line for line in json.loads(found.stdout)["lines"]}


def level(store, way):
    return store.run("recommend", "--user", "U12345", "--way", way,
                     "-n", "2")["level"]


def reranked(exe, folder, url):
    """The reranker alone ranks: by the words that a profile shares with what
    the user liked, and it is asked once."""
    config = os.path.join(folder, "rerank.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write("models: {embedder: none, writer: none, "
                f"reranker: '{url}'}}\nllm: {{mode: rerank}}\n"
                "catalogue: {noun: book}\n")
    store = Store(exe, config, os.path.join(folder, "reranked.db"))
    for kind in ("items", "users", "events"):
        store.run("import", kind, os.path.join(BOOKS, kind + ".csv"))
    store.run("prepare")
    asked = ("recommend", "--user", "U12345", "--way", "llm", "-n", "5")
    first, second = (store.run(*asked) for _ in range(2))
    check(first["level"] == "llm", "the reranker answers without a writer")
    scores = [item["score"] for item in first["items"]]
    check(len(scores) == 5 and scores == sorted(scores, reverse=True) and
          all(score == int(score) for score in scores) and scores[0] > 0,
          "its relevances are the scores")
    check(first["items"] == second["items"] and
          first["usage"]["prefix_tokens"] > 0 and
          second["usage"]["prefix_tokens"] == 0,
          "what it said is kept")
    booked = [line for line in store.run("usage")["lines"]
              if line["name"].startswith(url)]
    check(booked and "calls 1," in booked[0]["value"],
          "what it was asked is in the ledger, once")
    return store


def main(exe, folder):
    server = subprocess.Popen([sys.executable,
                               os.path.join(HERE, "fake_server.py")],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    url = f"http://127.0.0.1:{int(server.stdout.readline())}/vllm/v1"
    config = os.path.join(folder, "reckon.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"models: {{embedder: '{url}', writer: '{url}#small', "
                f"reranker: '{url}'}}\ncatalogue: {{noun: book}}\n")
    store = Store(exe, config, os.path.join(folder, "served.db"))
    for kind in ("items", "users", "events"):
        store.run("import", kind, os.path.join(BOOKS, kind + ".csv"))
    store.run("prepare")
    for way in WAYS:
        check(level(store, way) == way, f"{way} answers with the server")
    lines = doctor(store)
    check("likelihoods, by echo" in lines["writer"]["value"],
          "doctor says what the server can")
    check(lines["reranker"]["name"] == "ok", "the reranker answers")
    check("vectors of 4" in store.status("models", "embedder's server"),
          "status says what the server can")

    alone = reranked(exe, folder, url)
    server.stdin.close()
    server.wait()
    said = alone.run("recommend", "--user", "U48306", "--way", "llm", "-n",
                     "2")["level"]
    check(said.startswith("auto, because llm:") and "nobody answers" in said,
          "auto stands in for a reranker that does not answer")
    said = level(store, "llm")
    check(said.startswith("auto, because llm:") and "nobody answers" in said,
          "llm is answered by auto without the server, which says why")
    check(level(store, "tokens") == "tokens", "tokens needs no server to answer")
    lines = doctor(store)
    for part in ("embedder", "writer", "reranker"):
        check(lines[part]["name"] == "missing" and
              "nobody answers" in lines[part]["value"],
              f"doctor names the {part} that does not answer")

    secret = subprocess.run(
        [exe, "--config", config, "--writer", "http://me:s3cret@host/v1",
         "status"], capture_output=True, text=True)
    check(secret.returncode != 0 and "no user or password" in secret.stderr and
          "s3cret" not in secret.stderr + secret.stdout,
          "a password in an address is refused and not repeated")
    return done()


with tempfile.TemporaryDirectory() as scratch:
    sys.exit(main(sys.argv[1], scratch))
