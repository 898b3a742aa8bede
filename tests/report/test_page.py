"""The page of a report: it is well-formed, nothing in it comes from elsewhere,
and it holds every figure that the JSON document holds."""

import html.parser
import json
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET

SAMPLE = sys.argv.pop(1)
HOSTILE = "<script>alert('x')</script> & \"co\" ]]> --> \x1b[2J"
VOID = {"meta", "br", "hr", "img", "link", "input"}


def sample(form, name):
    return subprocess.run([SAMPLE, form, name], check=True,
                          capture_output=True).stdout.decode("utf-8")


class Reader(html.parser.HTMLParser):
    """Holds that tags are closed in turn; collects tags and text."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def numbers_of(thing):
    if isinstance(thing, dict):
        for value in thing.values():
            yield from numbers_of(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from numbers_of(value)
    elif isinstance(thing, float):
        yield thing


class Page(unittest.TestCase):
    def test_page_is_well_formed(self):
        for name in ("plain", HOSTILE):
            reader = read(sample("html", name))
            self.assertEqual(reader.open, [])

    def test_charts_are_xml_with_title_and_description(self):
        charts = re.findall(r"<svg.*?</svg>", sample("html", HOSTILE), re.S)
        self.assertEqual(len(charts), 5)
        for chart in charts:
            tree = ET.fromstring(chart)
            for part in ("title", "desc"):
                found = tree.find("{http://www.w3.org/2000/svg}" + part)
                self.assertTrue(found.text)

    def test_hostile_names_stay_text(self):
        page = sample("html", HOSTILE)
        reader = read(page)
        self.assertNotIn("script", [tag for tag, _ in reader.tags])
        self.assertNotIn("\x1b", page)
        self.assertIn("<script>alert('x')</script>", "".join(reader.text))

    def test_nothing_comes_from_elsewhere(self):
        page = sample("html", "plain")
        for tag, attrs in read(page).tags:
            self.assertNotIn(tag, {"script", "link", "img", "iframe"})
            self.assertFalse({"src", "href"} & set(attrs))
        self.assertNotIn("url(", page)
        self.assertNotIn("@import", page)

    def test_every_figure_of_the_json_is_in_the_page(self):
        report = json.loads(sample("json", "plain"))
        text = "".join(read(sample("html", "plain")).text)
        costs = {row[k] for row in report["rows"]
                 for k in ("train_s", "p50_us", "p95_us")}
        n = 0
        for value in numbers_of(report):
            forms = [f"{value:.4f}"]
            if value in costs:
                forms += [f"{value:.2f}", f"{value:.1f}"]
            self.assertTrue(any(f in text for f in forms), value)
            n += 1
        self.assertGreater(n, 80)

    def test_every_name_and_note_is_in_the_page(self):
        report = json.loads(sample("json", "plain"))
        text = "".join(read(sample("html", "plain")).text)
        for row in report["rows"]:
            self.assertIn(row["name"], text)
            self.assertIn(row["note"], text)
        for part in report["published"]:
            self.assertIn(part["name"], text)
        for words in (*report["notes"], report["command"], report["summary"]):
            self.assertIn(words, text)

    def test_every_table_has_a_caption_and_row_heads(self):
        page = sample("html", "plain")
        self.assertEqual(page.count("<table>"), page.count("<caption>"))
        self.assertIn('<th scope="row">', page)


if __name__ == "__main__":
    unittest.main()
