"""picture.py RECKON FOLDER: docs/picture.svg, on stdout.

Asks for reader U12345 in the four ways in FOLDER, which holds a prepared
bookstore and its reckon.yaml, and draws what a terminal shows, long lines
broken between words.
"""

import os
import pty
import re
import subprocess
import sys
from xml.sax.saxutils import escape

COMMANDS = (
    "predict --user U12345 --item B78901 --way embeddings",
    "predict --user U12345 --item B78901 --way tokens",
    "recommend --user U12345 --way llm --candidates B78901,B27381",
    "recommend --user U12345 --way rag -n 3",
)
COLUMNS = 100
CHAR, LINE, EDGE = 7.83, 18, 20  # of 13 px type
STYLES = {"1": "bold", "2": "dim", "31": "bad", "32": "good"}
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" \
height="{h}" role="img" aria-label="What the terminal shows when reader U12345 \
is answered in four ways">
<style>
  rect {{ fill: #ffffff; stroke: #d0d7de; }}
  text {{ font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas,
         "DejaVu Sans Mono", monospace; fill: #1f2328; white-space: pre; }}
  .bold {{ font-weight: 600; }}
  .dim {{ fill: #59636e; }}
  .good {{ fill: #1a7f37; }}
  .bad {{ fill: #cf222e; }}
  .ask {{ fill: #0969da; }}
  @media (prefers-color-scheme: dark) {{
    rect {{ fill: #0d1117; stroke: #30363d; }}
    text {{ fill: #e6edf3; }}
    .dim {{ fill: #9198a1; }}
    .good {{ fill: #3fb950; }}
    .bad {{ fill: #f85149; }}
    .ask {{ fill: #58a6ff; }}
  }}
</style>
<rect x="0.5" y="0.5" width="{rw}" height="{rh}" rx="8"/>
"""


def on_terminal(exe, folder, arguments):
    """The lines that a command writes to a terminal."""
    main, side = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    child = subprocess.Popen([exe, *arguments], cwd=folder, stdout=side,
                             stdin=side, env={**env, "TERM": "xterm"})
    os.close(side)
    written = b""
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        written += piece
    if child.wait() != 0:
        sys.exit(f"reckon {' '.join(arguments)}: exit code "
                 f"{child.returncode}")
    return written.decode().replace("\r", "").rstrip("\n").split("\n")


def styled(line):
    """(style, character) of a line with its escape sequences taken out."""
    style = ""
    out = []
    for part in re.split(r"(\x1b\[\d*m)", line):
        code = re.fullmatch(r"\x1b\[(\d*)m", part)
        if code:
            style = STYLES.get(code[1], "")
        else:
            out += [(style, c) for c in part]
    return out


def broken(cells):
    """The line as lines of at most COLUMNS, the further ones indented."""
    plain = "".join(c for _, c in cells)
    hanging = max(2, len(plain) - len(plain.lstrip()))
    indent = []
    while len(indent) + len(cells) > COLUMNS:
        room = COLUMNS - len(indent)
        cut = max(i for i in range(room + 1) if cells[i][1] == " ")
        yield indent + cells[:cut]
        cells = cells[cut + 1:]
        indent = [("", " ")] * hanging
    yield indent + cells


def rows(exe, folder):
    for i, command in enumerate(COMMANDS):
        if i:
            yield []
        yield [("ask", "$ ")] + [("bold", c) for c in "reckon " + command]
        for line in on_terminal(exe, folder, command.split()):
            yield from broken(styled(line))


def drawn(cells, y):
    """One line of text, a span for each run of one style."""
    spans = []
    for style, text in cells:
        if spans and spans[-1][0] == style:
            spans[-1][1] += text
        else:
            spans.append([style, text])
    inner = "".join(f'<tspan class="{s}">{escape(t)}</tspan>' if s
                    else escape(t) for s, t in spans)
    return f'<text x="{EDGE}" y="{y}" xml:space="preserve">{inner}</text>\n'


def main(exe, folder):
    lines = list(rows(os.path.abspath(exe), folder))
    width = round(COLUMNS * CHAR) + 2 * EDGE
    height = len(lines) * LINE + 2 * EDGE
    sys.stdout.write(HEAD.format(w=width, h=height, rw=width - 1,
                                 rh=height - 1))
    for i, cells in enumerate(lines):
        if cells:
            sys.stdout.write(drawn(cells, EDGE + 13 + i * LINE))
    sys.stdout.write("</svg>\n")


main(*sys.argv[1:])
