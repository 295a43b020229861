"""Make the built-in sample collection from the Open Clip Art Library (about six minutes on two cores).

It needs the drawings and a renderer, which the package itself does not use:

    apt-get install openclipart-svg
    pip install resvg_py pillow numpy
    python scripts/build_sample.py

Or put some twenty public-domain paintings together from a puzzle for children, for trials and for the README's pictures
(a second; nothing is installed), all but one of them, which is photographed on a wall:

    apt-get download gcompris-qt-data && dpkg-deb -x gcompris-qt-data_*.deb gcompris
    python scripts/build_sample.py --rcc gcompris/usr/share/gcompris-qt/rcc/paintings.rcc --paintings paintings \\
        --photograph "print on a wall.jpg"
"""

import argparse
import csv
import html
import io
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from photographs.print_on_a_wall import take_photograph
from PIL import Image, ImageChops, ImageFilter, ImageOps
from puzzles.paintings import write_paintings

COLUMNS = [
    *("artist", "date", "genre", "pixelsx", "pixelsy", "size_bytes"),
    *("source", "style", "title", "artist_group", "in_train", "new_filename"),
]

# Series made from one template (works differ by a stroke, a colour or a caption), colour ramps and logos show no
# hand. Weapons and pin-ups have no place in a demo.
EXCLUDED_FOLDERS = {
    *("aiga-symbols", "arrows", "cards", "chess", "connectors", "duplicates", "flags", "flowchart", "hazard"),
    *("logos", "map_symbols", "pantyhose", "roadsigns", "weapons"),
}
# The same kinds in other folders; second versions that no measure tells from new drawings; characters and trade
# marks of others; drawings that may offend.
EXCLUDED_WORDS = re.compile(
    r"\b(flags?|basque|gwen ha du|souther?n cross|logos?|(stop)?signs?|arrows?|kanji|keyboard"
    r"|mpcad|mateya|passport|simple cross|recycle|no ?smoking|information icon"
    r"|apple with worm|flourish two ver\w*|handwithstar|pointinghand"
    r"|pac ?k?man|chomper|pong|tetris|quake|vgcats|emule|xbill|don t panic|my lovely baby|firefox|brozo"
    r"|[sz]aku|ampel\w+|xbox|gentoo|coltrane|beckham"
    r"|gallows|stripper|sexy|mermaid|enthusiast|wmd|what have you done)\b",
    re.IGNORECASE,
)
# Names that stand for nobody, or for several people.
NOT_ONE_PERSON = re.compile(
    r"unknown|anonymous|\bnone\b|hash\(|army|library|gem clipart|based on|\bet al\b| and |\.\.\.",
    re.IGNORECASE,
)
# Names of one person that no rule brings together.
SAME_PERSON = {
    "abiclipart": "geraldg",
    "andrewfitzsimon": "andyfitzsimon",
    "architettofrancescorollandin": "francescorollandin",
    "jonadab": "nathaneady",
    "jonadabtheunsightlyone": "nathaneady",
    "rollandinfrancesco": "francescorollandin",
}
NOT_FREE = re.compile(r"gnu|gpl|copyleft|\(c\)|©", re.IGNORECASE)

MIN_WORKS, MAX_WORKS = 3, 8
RENDERED_PER_ARTIST = 40  # taken evenly from the folders: the most industrious artists drew 400
RENDER_WIDTH, MIN_INK = 1024, 80
QUERIES = 3  # test artists who lend one work each to query; these works are not in the table
MAX_SIDE, USUAL_SIDE, MIN_SIDE, MARGIN = 384, 224, 128, 8
WEBP_QUALITY = 90
SAME_DRAWING = 0.3  # distance of shapes below which two pictures are one drawing, recoloured or retouched
GROUPS = {"train_only": 0.45, "test_only": 0.38, "train_and_test": 0.17}

RCC = Path("/usr/share/gcompris-qt/rcc/paintings.rcc")


def plain(text: str) -> str:
    """Keep only the letters and digits, without case and accents."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", ascii_only.casefold())


@dataclass(frozen=True)
class Drawing:
    """An SVG file's metadata."""

    path: Path
    artist: str
    title: str
    date: str
    genre: str

    @property
    def key(self) -> str:
        """The artist's name without case, accents and spaces."""
        return SAME_PERSON.get(plain(self.artist), plain(self.artist))

    @property
    def subject(self) -> str:
        """The file's name without numbers and the artist's name: the same for versions of one drawing."""
        words = re.findall(r"[^\W\d_]+", self.path.stem.casefold())
        # The library cut "title_artist_number" to a fixed length, so the name at the end may be a stump.
        while len(words) > 1 and plain(words[-1]) in self.key:
            words.pop()
        return " ".join(words) if len("".join(words)) > 1 else self.path.stem

    @property
    def name(self) -> str:
        """The work's title, or its subject if the title is unlike the file's name: then it belongs to a series."""
        fits = plain(self.title)[:4] == plain(self.path.stem)[:4]
        return self.title if fits else self.subject.capitalize()


@dataclass(frozen=True)
class Work:
    """A drawing, its picture, and the descriptors to compare and choose works by."""

    drawing: Drawing
    webp: bytes
    size: tuple[int, int]
    shape: NDArray[np.float32]
    richness: float


def clean_artist(name: str) -> str:
    """Drop addresses written beside a name; a mere address is shortened to its start."""
    name = re.sub(r"[(\[<][^)\]>]*[)\]>]|\S*(?:www\.|://)\S*|\s-\s.*", " ", name)
    return " ".join(re.sub(r"(\S+?)(?:@|AT)\S+(?:\.|DOT)\S+", r"\1", name).split())


def read_drawing(path: Path, root: Path) -> Drawing | None:
    """Read a file's metadata; None if it is not free, has no single author, or is of an excluded kind."""
    folders = path.relative_to(root).parts[:-1]
    if path.is_symlink() or EXCLUDED_FOLDERS.intersection(folders):
        return None
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for element in ElementTree.parse(path).iter():
        tag = str(element.tag).rpartition("}")[2]
        texts[tag].append(html.unescape(" ".join("".join(element.itertext()).split())))
        values = [value for value in element.attrib.values() if value]
        if tag == "license":
            texts["terms"] += [plain(value) for value in values]
        if tag == "image" and not any(value.startswith("data:") for value in values):
            return None  # the picture needs a file of its author's disk
    free = bool(texts["terms"]) and all("publicdomain" in term for term in texts["terms"])
    if not free or any(NOT_FREE.search(claim) for claim in texts["rights"] + texts["text"]):
        return None
    creator, title, date = (next(iter(texts[tag]), "") for tag in ("creator", "title", "date"))
    artist = clean_artist(creator)
    if not plain(artist) or NOT_ONE_PERSON.search(creator):
        return None
    if EXCLUDED_WORDS.search(re.sub(r"[_\W\d]+", " ", f"{title} {path.stem}")):
        return None
    year = re.search(r"(?:19|20)\d\d", date)
    return Drawing(path, artist, title, f"{year[0]}.0" if year else "", folders[0].replace("unsorted", ""))


def render(path: Path) -> Image.Image | None:
    """Render on white, cropped to the drawing; None if there is too little to see.

    Without fonts, live text stays out: it would depend on the machine, and often is the artist's name or a caption.
    """
    import resvg_py  # here, so that --help does without

    width, longest = RENDER_WIDTH, 0
    while longest < MAX_SIDE:
        try:
            # 90 dots an inch was the convention of the programs of the time, and sizes are often in mm or pt.
            png = resvg_py.svg_to_bytes(
                svg_path=str(path), width=width, dpi=90, background="white", skip_system_fonts=True
            )
        except ValueError:
            return None
        image = Image.open(io.BytesIO(bytes(png))).convert("RGB")
        ink = ImageChops.difference(image, Image.new("RGB", image.size, "white")).convert("L")
        box = ink.point([0] * 8 + [255] * 248).getbbox() or (0, 0, 0, 0)
        longest = max(box[2] - box[0], box[3] - box[1])
        if longest < (MIN_INK if width == RENDER_WIDTH else MAX_SIDE):
            return None
        width = width * MAX_SIDE // longest + RENDER_WIDTH  # a small drawing on a large page: render it larger
    image = ImageOps.contain(image.crop(box), (MAX_SIDE - 2 * MARGIN,) * 2, Image.Resampling.LANCZOS)
    image = ImageOps.expand(image, MARGIN, "white")
    return image if min(image.size) >= MIN_SIDE else None


def make_work(drawing: Drawing) -> Work | None:
    """Render a drawing and describe the picture; None if it is not worth showing."""
    image = render(drawing.path)
    if image is None:
        return None
    small = image.resize((96, 96), Image.Resampling.BOX)
    edges = np.hypot(*np.gradient(np.asarray(small.convert("L"), np.float32) / 255))
    # Blurred edges of about equal strength are the same for one drawing in other colours.
    lines = Image.fromarray(np.uint8(255 * np.minimum(1, 4 * edges))).filter(ImageFilter.GaussianBlur(2))
    shape = np.asarray(lines.resize((32, 32), Image.Resampling.BOX), np.float32)
    shape = shape - shape.mean()
    colours = np.asarray(small, np.uint32) // 32 @ np.array([64, 8, 1], np.uint32)
    shares = np.unique(colours, return_counts=True)[1] / colours.size
    richness = float(-(shares * np.log2(shares)).sum() + 10 * edges.mean())
    richness *= min(1, min(image.size) / USUAL_SIDE)  # an elongated picture loses most when it is made square
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=WEBP_QUALITY, method=6)
    return Work(drawing, buffer.getvalue(), image.size, shape / (np.linalg.norm(shape) + 1e-6), richness)


def same_drawing(one: Work, other: Work) -> bool:
    """Whether two works are versions of one drawing, which may be mirrored, by their lines."""
    likeness = max((one.shape * other.shape).sum(), (one.shape[:, ::-1] * other.shape).sum())
    return bool(1 - likeness < SAME_DRAWING)


def choose(candidates: Sequence[Work], taken: Sequence[Work]) -> list[Work]:
    """Choose an artist's richest works, none a version of another or of a work in `taken`."""
    chosen: list[Work] = []
    for work in sorted(candidates, key=lambda work: -work.richness):
        if len(chosen) < MAX_WORKS and not any(same_drawing(work, other) for other in (*taken, *chosen)):
            chosen.append(work)
    return chosen


def collect(root: Path, jobs: int) -> dict[str, list[Work]]:
    """Read, render and choose the sample's works: by artist, in order of name."""
    drawings: defaultdict[str, list[Drawing]] = defaultdict(list)
    for path in sorted(root.rglob("*.svg")):
        if drawing := read_drawing(path, root):
            drawings[drawing.key].append(drawing)
    chosen: dict[str, list[Work]] = {}
    with ProcessPoolExecutor(jobs) as workers:
        for _, by_artist in sorted(drawings.items()):
            picks = np.linspace(0, len(by_artist) - 1, min(len(by_artist), RENDERED_PER_ARTIST)).astype(int)
            if len(by_artist) >= MIN_WORKS:
                rendered = workers.map(make_work, [by_artist[pick] for pick in picks])
                works = choose([work for work in rendered if work], [*chain.from_iterable(chosen.values())])
                if len(works) >= MIN_WORKS:
                    chosen[Counter(drawing.artist for drawing in by_artist).most_common(1)[0][0]] = works
    return chosen


def split(artists: Sequence[str], seed: int) -> dict[str, str]:
    """Assign every artist to one of the groups, in their proportions."""
    shuffled = random.Random(seed).sample(artists, len(artists))
    ends = np.round(np.cumsum(list(GROUPS.values())) * len(artists)).astype(int).tolist()
    parts = zip(GROUPS, [0, *ends[:-1]], ends, strict=True)
    return {artist: group for group, start, end in parts for artist in shuffled[start:end]}


def write(collection: dict[str, list[Work]], out: Path, seed: int) -> None:
    """Write the pictures, their table and a few queries, replacing an earlier run's."""
    for folder in ("images", "queries"):
        (out / folder).mkdir(parents=True, exist_ok=True)
        for stale in (out / folder).glob("*.webp"):
            stale.unlink()
    groups = split(list(collection), seed)
    rows: list[tuple[object, ...]] = []
    queries = 0
    for artist, works in collection.items():
        group = groups[artist]
        if group == "test_only" and len(works) > MIN_WORKS + 1 and queries < QUERIES:
            (out / "queries" / f"{plain(artist)}.webp").write_bytes(works[-1].webp)
            works = works[:-1]
            queries += 1
        for number, work in enumerate(works):
            file_name, drawing = f"{len(rows) + 1:04}.webp", work.drawing
            in_train = group == "train_only" or (group == "train_and_test" and number % 2 == 0)
            facts = (artist, drawing.date, drawing.genre, *map(float, work.size), float(len(work.webp)))
            rows.append((*facts, "Open Clip Art Library", "", drawing.name, group, in_train, file_name))
            (out / "images" / file_name).write_bytes(work.webp)
    with (out / "all_data_info.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    megabytes = sum(len(work.webp) for works in collection.values() for work in works) / 1e6
    print(f"{len(rows)} works of {len(groups)} artists, {megabytes:.1f} MB: {Counter(groups.values())}")


def main() -> None:
    """Read the command line and make the sample."""
    sample = Path(__file__).parents[1] / "painter_search/collection/sample"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--svg", type=Path, default=Path("/usr/share/openclipart/svg"), help="folder of the drawings")
    add("--out", type=Path, default=sample, help="folder for the table and images/ (its files are replaced)")
    add("--seed", type=int, default=0, help="seed of the split into training and test artists")
    add("--jobs", type=int, default=2, help="how many drawings to render at once")
    add("--paintings", type=Path, metavar="FOLDER", help="put paintings together into this folder instead")
    add("--photograph", type=Path, metavar="FILE", help="leave one of these out, a print by Hokusai on a wall in FILE")
    add("--rcc", type=Path, default=RCC, help="GCompris's puzzles of paintings (Debian's package gcompris-qt-data)")
    flags = parser.parse_args()
    if flags.paintings:
        if not flags.rcc.is_file():
            parser.error(f"{flags.rcc} is not a file: install Debian's package gcompris-qt-data, or give --rcc")
        try:
            write_paintings(flags.rcc, flags.paintings)
            if flags.photograph:
                take_photograph(flags.paintings, flags.photograph)
        except ValueError as error:
            parser.error(str(error))
        return
    if not flags.svg.is_dir():
        parser.error(f"{flags.svg} is not a folder: install Debian's package openclipart-svg, or give --svg")
    write(collect(flags.svg, flags.jobs), flags.out, flags.seed)


if __name__ == "__main__":
    main()
