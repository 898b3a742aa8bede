"""A model server for tests on a free loopback port, which it prints. The first
part of a path is a scenario: some behave, most do not. It ends when its
standard input does."""

import email.utils
import http.server
import json
import sys
import threading
import time

PATIENCE = 5  # seconds that a hanging one hangs, at most
seen = {}  # how often each path was asked
leave = threading.Event()


def log_p(token):
    """What the stand-in model thinks of a token: its place says nothing."""
    return -(token % 7 + 1) / 8


def embedding(text):
    """Letters counted by their last two bits: four dimensions."""
    v = [1.0, 0, 0, 0]
    for byte in text.encode():
        v[byte % 4] += 1
    return v


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *unused):
        pass

    def reply(self, body, status=200, kind="application/json", **headers):
        """A whole reply; a body that is no text becomes JSON."""
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin(self, length):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(length)) if length else None
        _, scenario, self.rest = self.path.split("/", 2)
        self.first = seen.setdefault(self.path, 0)
        seen[self.path] += 1
        try:
            getattr(self, "do_" + scenario.replace("-", "_"))()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # as is due

    do_GET = do_POST = answer

    # Of one reply: the test asks GET SCENARIO/v1/models.

    def do_ok(self):
        self.reply({"ok": True})

    def do_mirror(self):
        self.reply({"method": self.command, "path": self.path,
                    "headers": {k.lower(): v for k, v in self.headers.items()},
                    "body": self.body})

    def do_busy_seconds(self):
        if self.first == 0:
            self.reply("{}", 429, Retry_After="7")
        else:
            self.reply({"ok": True})

    def do_busy_date(self):
        if self.first == 0:
            self.reply("{}", 503, Retry_After=email.utils.formatdate(
                time.time() + 20, usegmt=True))
        else:
            self.reply({"ok": True})

    def do_busy_long(self):
        self.reply("{}", 429, Retry_After="3600")

    def do_busy_nonsense(self):
        if self.first == 0:
            self.reply("{}", 429, Retry_After="when the cows come home")
        else:
            self.reply({"ok": True})

    def do_recovers(self):
        if self.first < 3:
            self.reply("{}", (500, 502, 503)[self.first])
        else:
            self.reply({"ok": True})

    def do_broken(self):
        self.reply("{}", 500)

    def do_refuses(self):
        self.reply("{\"error\": \"secret prompt\"}", 400)

    def do_locked(self):
        self.reply("{}", 401)

    def do_hangs(self):
        leave.wait(PATIENCE)
        self.close_connection = True

    def do_hangs_after(self):
        self.begin(100)
        self.wfile.write(b"{\"data\"")
        self.wfile.flush()
        leave.wait(PATIENCE)
        self.close_connection = True

    def do_drips(self):
        self.begin(1000)
        for _ in range(PATIENCE * 10):
            self.wfile.write(b" ")
            self.wfile.flush()
            if leave.wait(0.1):
                break
        self.close_connection = True

    def do_closes(self):
        self.close_connection = True

    def do_short(self):
        self.begin(100)
        self.wfile.write(b"{\"ok\": true}")
        self.close_connection = True

    def do_truncated(self):
        self.reply("{\"data\": [{\"id\"")

    def do_html(self):
        self.reply("<html>secret prompt</html>", kind="text/html")

    def do_endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
        for _ in range(16384):  # 1 GiB, were it read
            self.wfile.write(piece)

    def do_large(self):
        self.begin(1 << 30)
        self.wfile.write(b" " * 65536)
        self.close_connection = True

    def do_redirects(self):
        self.reply("", 302, Location="file:///etc/passwd")

    def do_deep(self):
        self.reply("[" * 100000)

    # A vLLM in small: a token is a byte.

    def do_vllm(self, tokenizes=True, echoes=True, most_told=20):
        what = self.rest.rsplit("/", 1)[-1]
        if what == "models":
            self.reply({"data": [{"id": "small", "owned_by": "vllm",
                                  "created": time.time(),
                                  "max_model_len": 2000}]})
        elif what == "tokenize" and tokenizes:
            text = self.body["prompt"].encode()
            first = [1] if self.body.get("add_special_tokens") else []
            self.reply({"tokens": first + list(text)})
        elif what == "completions" and "/chat/" not in self.path:
            if (self.body.get("logprobs") or 0) > most_told:
                self.reply("{}", 400)
            elif self.body.get("echo") and not echoes:
                self.reply("{}", 400)
            else:
                self.complete()
        elif what == "embeddings":
            self.embed()
        elif what == "rerank":
            self.rerank()
        else:
            self.reply("{}", 404)

    def complete(self):
        prompts = self.body["prompt"]
        if isinstance(prompts, str) or isinstance(prompts[0], int):
            prompts = [prompts]
        choices = []
        for i, prompt in enumerate(prompts):
            text = prompt if isinstance(prompt, str) else bytes(
                token for token in prompt if token > 1).decode()
            tokens = list(prompt.encode()) if isinstance(
                prompt, str) else prompt
            logprobs = {"top_logprobs": [
                {" yes": -0.5, " no": -1.5, " maybe": -3.25}]}
            if self.body.get("echo"):
                logprobs = {
                    "token_logprobs": [None] + [log_p(t) for t in tokens[1:]] +
                    [-0.125],
                    "text_offset": [
                        len(bytes(tokens[:j]).decode(errors="ignore"))
                        for j in range(len(tokens) + 1)]}
            choices.append({"index": i, "text": " and " + text[-3:] + "! Stop.",
                            "logprobs": logprobs})
        choices.reverse()  # the index counts, not the place
        self.reply({"choices": choices, "usage": {
            "prompt_tokens": sum(len(p) for p in prompts),
            "prompt_tokens_details": {"cached_tokens": 2},
            "completion_tokens": 3}})

    def embed(self):
        data = [{"index": i, "embedding": embedding(
            text if isinstance(text, str) else bytes(t for t in text if t > 1)
            .decode())} for i, text in enumerate(self.body["input"])]
        self.reply({"data": data[::-1], "usage": {"prompt_tokens": 5}})

    def rerank(self):
        asked = set(self.body["query"].split())
        scores = [len(asked & set(d.split())) for d in self.body["documents"]]
        results = [{"index": i, "relevance_score": s}
                   for i, s in enumerate(scores)]
        results.sort(key=lambda r: -r["relevance_score"])
        self.reply({"results": results, "usage": {"prompt_tokens": 9}})

    def do_bare(self):
        self.do_vllm(tokenizes=False)

    def do_mute(self):
        self.do_vllm(echoes=False, most_told=5)

    def do_stalls(self):
        if self.body and self.body.get("echo"):
            self.do_hangs()
        else:
            self.do_vllm()

    def do_sleepy(self):
        """Hangs when it is told to sleep."""
        if self.body and "sleep" in json.dumps(self.body):
            self.do_hangs()
        else:
            self.do_bare()

    def do_chat(self):
        if self.path.endswith("/models"):
            self.reply({"data": [{"id": "a"}, {"id": "b"}]})
        elif self.path.endswith("/chat/completions"):
            said = self.body["messages"][0]["content"]
            self.reply({"choices": [{"index": 0, "message": {
                "content": "You said: " + said}}]})
        else:
            self.reply("{}", 404)

    # Wrong in one place each, after a right beginning.

    def wrong(self, reply):
        """The first question of each kind, which opens it, is answered well."""
        if self.first == 0 or not self.path.endswith(
                ("embeddings", "rerank", "chat/completions")):
            self.do_chat() if "/chat" in self.path else self.do_vllm()
        else:
            self.reply(reply)

    def do_bad_count(self):
        self.wrong({"data": [{"index": 0, "embedding": [1, 2, 3, 4]}],
                    "results": [{"index": 0, "relevance_score": 1}]})

    def do_bad_twice(self):
        self.wrong({"data": [{"index": 1, "embedding": [1, 2, 3, 4]}] * 2,
                    "results": [{"index": 1, "relevance_score": 1}] * 2})

    def do_bad_range(self):
        self.wrong({"data": [{"index": i, "embedding": [1, 2, 3, 4]}
                             for i in (0, 7)],
                    "results": [{"index": i, "relevance_score": 1}
                                for i in (0, -1)]})

    def do_bad_width(self):
        self.wrong({"data": [{"index": i, "embedding": [1, 2, 3]}
                             for i in (0, 1)],
                    "results": [{"index": i} for i in (0, 1)]})

    def do_bad_number(self):
        self.wrong('{"data": [{"index": 0, "embedding": [1, 2, 3, 1e39]},'
                   '{"index": 1, "embedding": [1, 2, 3, 4]}],'
                   '"results": [{"index": 0, "relevance_score": 1e300},'
                   '{"index": 1, "relevance_score": 1}]}')

    def do_bad_nan(self):
        self.wrong('{"data": [{"index": 0, "embedding": [NaN]}],'
                   '"results": [{"index": 0, "relevance_score": NaN}]}')

    def do_bad_zero(self):
        self.wrong({"data": [{"index": i, "embedding": [0, 0, 0, 0]}
                             for i in (0, 1)],
                    "results": "none"})

    def do_bad_list(self):
        self.wrong([1, 2])

    def do_bad_choices(self):
        """Writes once, to be opened, and then nothing."""
        if self.path.endswith("/models"):
            self.reply({"data": [{"id": "a"}]})
        elif not self.path.endswith("/chat/completions"):
            self.reply("{}", 404)
        elif self.first == 0:
            self.reply({"choices": [{"message": {"content": "a"}}]})
        elif self.first == 1:
            self.reply({"choices": []})
        else:
            self.reply({"choices": [{"message": {"content": None}}]})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *unused):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
    leave.set()
