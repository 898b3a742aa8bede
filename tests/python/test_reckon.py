"""test_reckon.py RECKON LIBRARY LAYOUT: the Python package, over the library
just built, on a copy of the bookstore with the scripted models."""

import ctypes
import datetime
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

LAYOUT, LIBRARY, EXE = (os.path.abspath(sys.argv.pop()) for _ in range(3))
os.environ["RECKON_LIBRARY"] = LIBRARY

import reckon  # noqa: E402
from reckon import _native  # noqa: E402

BOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                     "examples", "bookstore")
MODELS = {"embedder": "scripted", "writer": "scripted"}
CONFIG = "models: {embedder: scripted, writer: scripted}\n"
READER = "U12345"
THRILLER = "B78901"
OTHER = "B27381"


def refused(code, call, *args, **named):
    """The message of an Error that must come, with this code."""
    try:
        call(*args, **named)
    except reckon.Error as e:
        assert e.code is reckon.Code[code], f"{e.code!r}: {e.message}"
        assert e.message and "\n" not in e.message and str(e) == e.message
        return e.message
    raise AssertionError(f"{call.__name__} was to fail with {code}")


class Empty(unittest.TestCase):
    """A store of its own for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.engine = reckon.Engine(store=self.path("reckon.db"), **MODELS)
        self.addCleanup(self.engine.close)

    def path(self, name):
        return os.path.join(self.folder, name)

    def count(self, kind):
        return next(int(line["value"]) for line in self.engine.status()["lines"]
                    if (line["section"], line["name"]) == ("store", kind))

    def fill(self):
        return [self.engine.import_file(k, os.path.join(BOOKS, k + ".csv"))
                for k in ("items", "users", "events")]

    def test_files_go_in_and_come_out(self):
        reports = self.fill()
        self.assertEqual([(r["rows"], r["bad"]) for r in reports],
                         [(64, []), (28, []), (480, [])])
        for kind in ("items", "users", "events"):
            self.engine.export_file(kind, self.path(kind + ".jsonl"))
        with reckon.Engine(store=self.path("again.db"), **MODELS) as again:
            for kind, n in (("items", 64), ("users", 28), ("events", 480)):
                report = again.import_file(kind, self.path(kind + ".jsonl"))
                self.assertEqual(report["rows"], n)

    def test_a_bad_row_is_named_and_the_rest_goes_in(self):
        with open(self.path("items.csv"), "w", encoding="utf-8") as f:
            f.write("id,title\nA1,One\nA2\n")
        report = self.engine.import_file("items", self.path("items.csv"))
        self.assertEqual((report["rows"], len(report["bad"])), (1, 1))
        self.assertTrue(report["bad"][0].startswith("items.csv:3"))
        refused("EFORMAT", self.engine.import_file, "items",
                self.path("items.csv"), strict=True)

    def test_rows_can_be_put_directly(self):
        self.engine.put_items([
            {"id": "A1", "title": "One", "year": 2019, "out": True,
             "genres": ["thriller", "mystery"], "nothing": None}])
        fields = {line["name"]: line["value"]
                  for line in self.engine.show("items", "A1")["lines"]}
        self.assertEqual((fields["year"], fields["out"], fields["genres"]),
                         ("2019", "true", "thriller|mystery"))
        self.assertNotIn("nothing", fields)
        self.engine.put_users([{"id": "U1", "age": 29}])
        at = datetime.datetime(2026, 3, 14, 19, 20, 0, 250000,
                               datetime.timezone.utc)
        self.engine.put_events([
            {"user": "U1", "item": "A1", "value": 4, "at": at},
            {"user": "U1", "item": "A1", "at": 0},
            {"user": "U2", "item": "A1", "type": "purchase", "at": 1.5}])
        self.engine.export_file("events", self.path("events.csv"))
        with open(self.path("events.csv"), encoding="utf-8") as f:
            self.assertEqual(sorted(f.read().split()[1:]), [
                "U1,A1,rating,4,2026-03-14T19:20:00.250000Z",
                "U1,A1,view,1,1970-01-01T00:00:00Z",
                "U2,A1,purchase,1,1970-01-01T00:00:01.500000Z"])

    def test_many_rows_outlive_a_collection_of_garbage(self):
        rows = _native.records([
            {"id": f"A{i}", "title": f"Number {i}", "code": f"<{i}>"}
            for i in range(2000)])
        gc.collect()
        self.engine._inside("rk_put_items", rows, len(rows))
        for i in (0, 999, 1999):
            lines = self.engine.show("items", f"A{i}")["lines"]
            self.assertIn(f"<{i}>", [line["value"] for line in lines])

    def test_all_or_none_goes_in(self):
        refused("EINVAL", self.engine.put_items,
                [{"id": "A1", "title": "One"}, {"id": "A2"}])
        refused("ENOTFOUND", self.engine.put_events,
                [{"user": "U1", "item": "A1"}])
        self.assertEqual(self.count("items"), 0)

    def test_nothing_is_answered_before_it_is_prepared(self):
        self.fill()
        refused("ENOTREADY", self.engine.recommend, user=READER)
        self.assertGreater(self.engine.doctor()["n_wrong"], 0)

    def test_what_progress_raises_stops_the_work_and_comes_out(self):
        self.fill()

        def stop(stage, done, total):
            raise KeyboardInterrupt

        for _ in range(2):
            with self.assertRaises(KeyboardInterrupt):
                self.engine.prepare(stop)
        refused("ENOTREADY", self.engine.recommend, user=READER)
        seen = []
        self.engine.prepare(lambda *told: seen.append(told))
        self.assertIn("learning", [stage for stage, _, _ in seen])
        self.assertTrue(all(done <= total for _, done, total in seen))
        self.assertEqual(len(self.engine.recommend(user=READER)["items"]), 10)

    def test_an_engine_at_work_is_not_asked_from_progress(self):
        self.fill()
        message = refused("EINVAL", self.engine.prepare,
                          lambda *_: self.engine.status())
        self.assertIn("at work", message)

    def test_a_configuration_that_is_wrong_is_named_with_its_line(self):
        with open(self.path("bad.yaml"), "w", encoding="utf-8") as f:
            f.write("llm:\n  seed: soon\n")
        self.assertIn("bad.yaml:2", refused("EFORMAT", reckon.Engine,
                                            self.path("bad.yaml")))
        refused("ENOTFOUND", reckon.Engine, self.path("none.yaml"))

    def test_a_closed_engine_says_so(self):
        with self.engine as same:
            self.assertIs(same, self.engine)
        self.engine.close()
        self.assertIn("closed", refused("EINVAL", self.engine.status))


class Prepared(unittest.TestCase):
    """One prepared bookstore; each test has its own copy of it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.first = os.path.join(folder.name, "first")
        os.mkdir(cls.first)
        with open(os.path.join(cls.first, "reckon.yaml"), "w",
                  encoding="utf-8") as f:
            f.write(CONFIG)
        with reckon.Engine(os.path.join(cls.first, "reckon.yaml")) as engine:
            for kind in ("items", "users", "events"):
                engine.import_file(kind, os.path.join(BOOKS, kind + ".csv"))
            engine.prepare()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        here = os.path.join(folder.name, "here")
        shutil.copytree(self.first, here)
        self.config = os.path.join(here, "reckon.yaml")
        self.engine = reckon.Engine(self.config)
        self.addCleanup(self.engine.close)

    def command(self, *arguments):
        return json.loads(subprocess.run(
            [EXE, "--config", self.config, "--json", *arguments], check=True,
            capture_output=True).stdout)

    def same(self, ours, *arguments):
        """The command line is the other reader of the same library."""
        theirs = self.command(*arguments)
        self.assertTrue(ours["items"])
        self.assertEqual(ours["items"], theirs["items"])
        for key in ("way", "level", "user"):
            self.assertEqual(ours[key], theirs[key])

    def test_it_answers_what_the_command_line_answers(self):
        ask = self.engine.recommend
        for way in ("auto", "embeddings", "tokens", "llm", "rag"):
            self.same(ask(user=READER, way=way, n=5), "recommend", "--user",
                      READER, "--way", way, "-n", "5")
        self.same(ask(profile="29, likes historical novels", n=3), "recommend",
                  "--profile", "29, likes historical novels", "-n", "3")
        self.same(ask(user=READER, way="llm", candidates=[THRILLER, OTHER]),
                  "recommend", "--user", READER, "--way", "llm",
                  "--candidates", f"{THRILLER},{OTHER}")
        self.same(ask(user=READER, n=100, include_seen=True), "recommend",
                  "--user", READER, "-n", "100", "--include-seen")
        self.same(self.engine.predict(THRILLER, user=READER, way="tokens"),
                  "predict", "--user", READER, "--item", THRILLER, "--way",
                  "tokens")
        self.same(self.engine.similar(THRILLER, 4), "similar", "--item",
                  THRILLER, "-n", "4")

    def test_prompts_are_those_of_the_command_line(self):
        for mode in ("likelihood", "yes_no", "letters", "permutation", "why"):
            ours = self.engine.prompt(user=READER, mode=mode, n=3)
            self.assertTrue(ours["parts"])
            self.assertEqual(ours, self.command(
                "prompt", "--user", READER, "--mode", mode, "-n", "3"))
        self.assertEqual(self.engine.prompt_templates(),
                         self.command("prompt", "--templates"))
        refused("EINVAL", self.engine.prompt, user=READER, mode="guess")

    def test_cards_are_those_of_the_command_line(self):
        self.assertEqual(self.engine.status(), self.command("status"))
        for kind, id in (("items", THRILLER), ("users", READER)):
            self.assertEqual(self.engine.show(kind, id),
                             self.command("show", kind[:-1], id))
        self.assertEqual(self.engine.models(), self.command("models"))
        self.assertEqual(self.engine.usage(3),
                         self.command("usage", "--days", "3"))
        self.assertEqual(self.engine.protocols(), self.command("eval"))
        doctor = self.engine.doctor()
        self.assertEqual(doctor.pop("n_wrong"), 0)
        self.assertEqual(doctor, self.command("doctor"))

    def test_a_budget_gives_a_lesser_answer_that_says_so(self):
        answer = self.engine.recommend(user=READER, way="llm", n=3,
                                       max_tokens=1)
        self.assertEqual(answer["level"], "auto, because llm: the request's "
                         "1 tokens leave no room")
        self.assertEqual(len(answer["items"]), 3)
        self.assertEqual(answer["usage"]["prefix_tokens"], 0)
        for wrong in (-1, True, "1", 1.5):
            with self.assertRaises(reckon.Error) as e:
                self.engine.recommend(user=READER, max_tokens=wrong)
            self.assertEqual(e.exception.code, reckon.Code.EINVAL)
        self.assertEqual(self.engine.forget_usage(days=30), 0)

    def test_a_new_item_and_a_new_event_count_at_once(self):
        self.engine.put_items([{"id": "new", "title": "The Silent Neighbour",
                                "genres": ["thriller", "mystery"]}])
        near = self.engine.similar("new", 10)["items"]
        self.assertEqual(len(near), 10)
        before = self.engine.recommend(user=READER, n=100)["items"]
        self.assertIn("new", [i["id"] for i in before])
        self.engine.put_events([{"user": READER, "item": "new", "value": 5}])
        after = self.engine.recommend(user=READER, n=100)["items"]
        self.assertNotIn("new", [i["id"] for i in after])

    def test_a_wrong_call_is_refused_with_its_reason(self):
        ask = self.engine.recommend
        self.assertIn("nobody", refused("ENOTFOUND", ask, user="nobody"))
        self.assertIn("nothing", refused("ENOTFOUND", ask, user=READER,
                                         candidates=["nothing"]))
        refused("ENOTFOUND", self.engine.similar, "nothing")
        self.assertIn("neither", refused("EINVAL", ask))
        self.assertIn("magic", refused("EINVAL", ask, user=READER,
                                       way="magic"))
        for n in (0, -1, 1001, 1.5, "5", 2 ** 70):
            self.assertIn(str(n), refused("EINVAL", ask, user=READER, n=n))
        refused("EINVAL", ask, user=READER, candidates=[])
        for id in (None, 5, b"B1", "B\0", "\ud800"):
            refused("EINVAL", self.engine.put_items,
                    [{"id": id, "title": "One"}])
        refused("EINVAL", self.engine.similar, None)
        refused("EINVAL", self.engine.show, "books", THRILLER)
        refused("EINVAL", self.engine.show, "events", THRILLER)

    def test_threads_take_turns(self):
        expected = self.engine.recommend(user=READER)["items"]
        found = []

        def ask():
            for _ in range(5):
                found.append(self.engine.recommend(user=READER)["items"])

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(found, [expected] * 20)


class Library(unittest.TestCase):
    def test_structs_lie_as_the_compiler_lays_them(self):
        version, *lines = subprocess.run(
            [LAYOUT], check=True, capture_output=True,
            text=True).stdout.splitlines()
        self.assertEqual(version, reckon.__version__)
        ours = [f"{s.__name__} {ctypes.sizeof(s)}" + "".join(
            f" {name} {getattr(s, name).offset}" for name, *_ in s._fields_)
            for s in _native.STRUCTS]
        self.assertEqual(ours, lines)

    def test_a_library_that_is_not_there_is_named(self):
        done = subprocess.run(
            [sys.executable, "-c", "import reckon; reckon.Engine()"],
            env={**os.environ, "RECKON_LIBRARY": "none/libreckon.so"},
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none/libreckon.so", done.stderr)
        self.assertIn("RECKON_LIBRARY", done.stderr.splitlines()[-1])


unittest.main()
