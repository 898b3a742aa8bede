"""Recommendations from a catalogue, an event log and a language model.

An Engine is an open store. Answers are dicts, as `reckon --json` prints them;
what fails raises Error. The reference is reckon.h, which this drives.
"""

import contextlib
import ctypes
import json
import threading
from ctypes import byref, c_size_t, c_void_p

from . import _native as rk
from ._native import Code, Error

__version__ = "0.1.0"
__all__ = ["Code", "Engine", "Error"]


class Engine:
    """An open store with its models.

    config is the path of a reckon.yaml (None: ./reckon.yaml if there is one,
    else the defaults); store, embedder and writer override what it says.
    Threads that share an engine wait for each other. Use it with `with`, or
    close() it.
    """

    def __init__(self, config=None, store=None, embedder=None, writer=None):
        self._lock = threading.Lock()
        self._user = None  # the thread that is inside
        self._engine = c_void_p()
        self._lib = rk.library()
        opts = rk.EngineOpts(rk.path(store), rk.path(embedder),
                             rk.path(writer))
        self._call("rk_engine_open", byref(self._engine), rk.path(config),
                   byref(opts))

    def close(self):
        """Closes the store. A second time does nothing."""
        with self._turn():
            self._lib.rk_engine_close(self._engine)
            self._engine = c_void_p()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def recommend(self, user=None, profile=None, way="auto", n=10,
                  candidates=None, include_seen=False, why=None,
                  deadline_ms=None, max_tokens=None, max_cost=None):
        """The n best items for a stored user, or for a profile in words.

        why says whose sentence the language model writes: "off", "first",
        "all" or a number of items (None: the configuration's).

        deadline_ms, max_tokens and max_cost (in money) limit what models may
        take for it; where they would take more, a lesser answer comes, and
        its "level" says so.
        """
        why = None if why is None else str(why)
        ask = rk.request(user, profile, way, n, candidates, include_seen, why,
                         deadline_ms, max_tokens, max_cost)
        return self._ask("answer", "rk_recommend", byref(ask))

    def predict(self, item, user=None, profile=None, way="auto", why=None):
        """Whether the user will like one item, and why (as in recommend())."""
        why = None if why is None else str(why)
        ask = rk.request(user, profile, way, 1, None, False, why)
        return self._ask("answer", "rk_predict", byref(ask), rk.text(item))

    def prompt(self, user=None, profile=None, mode="likelihood", n=0,
               candidates=None, include_seen=False):
        """What the language model would be given to read, part by part.

        It is asked nothing. mode is "likelihood", "yes_no", "letters",
        "permutation" or "why"; n is how many candidates (0: as many as are
        ranked).
        """
        ask = rk.request(user, profile, "llm", n, candidates, include_seen)
        return self._ask("preview", "rk_prompt_preview", byref(ask),
                         rk.text(mode))

    def prompt_templates(self):
        """The templates that prompts are made from, as a card."""
        return self._ask("card", "rk_prompt_templates")

    def similar(self, item, n=10):
        """The n items nearest to an item in meaning."""
        return self._ask("answer", "rk_similar", rk.text(item), rk.count(n))

    def prepare(self, progress=None, effort=None):
        """Makes what serving needs; only what changed is done again.

        effort is "fast" or "full" (None: the configuration's).

        progress(stage, done, total) is called meanwhile. What it raises stops
        the work and comes out here; the next call goes on where it stopped.
        """
        report = _Reporter(progress)
        opts = rk.PrepareOpts(rk.optional(effort), report.progress)
        report.run(self._inside, "rk_prepare", byref(opts))

    def import_file(self, kind, path, strict=False, progress=None):
        """Reads a .csv or .jsonl file of "items", "users" or "events".

        Returns {"rows": how many went in, "bad": [where and why of each row
        that did not], "took_us": ...}. strict: one bad row, and none goes in.
        """
        bad = []
        on_bad_row = rk.BadRow(
            lambda _, text: bad.append(text.decode("utf-8", "replace")))
        report = _Reporter(progress)
        opts = rk.ImportOpts(strict, on_bad_row, None, report.progress)
        found = rk.ImportReport()
        report.run(self._inside, "rk_import_file", rk.kind_of(kind),
                   rk.path(path), byref(opts), byref(found))
        return {"rows": found.n_rows, "bad": bad, "took_us": found.took_us}

    def export_file(self, kind, path):
        """Writes all of one kind to a .csv or .jsonl file."""
        self._inside("rk_export_file", rk.kind_of(kind), rk.path(path))

    def put_items(self, items):
        """Inserts or replaces items, all or none: dicts with "id", "title" and
        any other fields. A list is a field of several values."""
        items = list(items)
        self._inside("rk_put_items", rk.records(items), len(items))

    def put_users(self, users):
        """Inserts or replaces users, as put_items(); a user needs no title."""
        users = list(users)
        self._inside("rk_put_users", rk.records(users), len(users))

    def put_events(self, events):
        """Adds events, all or none: dicts with "user", "item", and perhaps
        "value", "type" (default: "rating" with a value, else "view") and "at"
        (a datetime or Unix seconds; default: now)."""
        events = list(events)
        self._inside("rk_put_events", rk.events(events), len(events))

    def show(self, kind, id):
        """What is known of one of the "items" or "users"."""
        return self._ask("card", "rk_show", rk.kind_of(kind), rk.text(id))

    def status(self):
        """Counts, models, and what is prepared."""
        return self._ask("card", "rk_status")

    def doctor(self):
        """The state of each part; "n_wrong" counts those that are not ok."""
        n = c_size_t()
        card = self._ask("card", "rk_doctor", after=[byref(n)])
        return {**card, "n_wrong": n.value}

    def models(self):
        """What can learn from events, and what each would cost here."""
        return self._ask("card", "rk_models_list")

    def usage(self, days=7):
        """What models were asked for in so many days, and what it cost."""
        out = c_void_p()
        self._inside("rk_usage_list", rk.count(days), byref(out))
        return self._taken("card", out)

    def forget_usage(self, days):
        """Forgets what was spent before the last days; how many entries."""
        n = rk.c_uint64()
        self._inside("rk_usage_prune", rk.count(days), byref(n))
        return n.value

    def protocols(self):
        """The protocols that evaluate() knows."""
        out = c_void_p()
        self._call("rk_protocols_list", byref(out))
        return self._taken("card", out)

    def evaluate(self, protocol="mine", data=None, ways=None, effort=None,
                 n_users=0, seed=1, shuffle_texts=False, html=None,
                 progress=None):
        """Measures ways of recommending by a protocol, as a dict.

        data is the folder of the protocol's files; ways are names (None: all);
        n_users is how many are asked at most (0: all). shuffle_texts is a
        control: every item gets the text of another. html is the path of a
        page for people that is written besides.
        """
        report = _Reporter(progress)
        opts = rk.evaluate_opts(data, ways, effort, n_users, seed,
                                shuffle_texts, report.progress)
        out = c_void_p()
        report.run(self._inside, "rk_evaluate", rk.text(protocol), byref(opts),
                   byref(out))
        try:
            if html is not None:
                with open(html, "wb") as file:
                    file.write(self._text("report", "html", out))
            return json.loads(self._text("report", "json", out))
        finally:
            self._lib.rk_report_free(out)

    def _call(self, name, *arguments):
        err = rk.Err()
        code = getattr(self._lib, name)(*arguments, byref(err))
        if code != 0:
            raise Error(code, err.msg.decode("utf-8", "replace"))

    @contextlib.contextmanager
    def _turn(self):
        """One thread at a time, and not from within progress()."""
        if self._user == threading.get_ident():
            raise Error(Code.EINVAL, "the engine is at work: ask it again "
                        "when progress() has returned")
        with self._lock:
            self._user = threading.get_ident()
            try:
                yield
            finally:
                self._user = None

    def _inside(self, name, *arguments):
        with self._turn():
            if not self._engine:
                raise Error(Code.EINVAL, "the engine is closed")
            self._call(name, self._engine, *arguments)

    def _ask(self, what, name, *arguments, after=()):
        """Calls a function that returns an answer or a card, as a dict."""
        out = c_void_p()
        self._inside(name, *arguments, byref(out), *after)
        return self._taken(what, out)

    def _taken(self, what, out):
        """What came out, as a dict, and freed."""
        try:
            return json.loads(self._text(what, "json", out))
        finally:
            getattr(self._lib, f"rk_{what}_free")(out)

    def _text(self, what, form, out):
        text = getattr(self._lib, f"rk_{what}_{form}")(out)
        if not text:
            raise Error(Code.ENOMEM, "out of memory")
        try:
            return ctypes.string_at(text)
        finally:
            rk.libc.free(text)


class _Reporter:
    """Hands progress to Python, and out again what Python raises in it. There
    is always one, so that Ctrl-C is seen while the library works."""

    def __init__(self, progress):
        self._tell = progress or (lambda stage, done, total: None)
        self._raised = None
        self.progress = rk.Progress(rk.Report(self._report), None)

    def _report(self, _, stage, done, total):
        try:
            self._tell(stage.decode(), done, total)
        except BaseException as e:
            self._raised = e
        return self._raised is not None

    def run(self, call, *arguments):
        try:
            call(*arguments)
        except Error:
            if self._raised is None:
                raise
        if self._raised is not None:
            raise self._raised
