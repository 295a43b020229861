"""Download Kaggle's Painter by Numbers with Kaggle's own client, resuming partial downloads.

It needs a Kaggle account, the competition's rules accepted on its page, an API token, and about 90 GB of disk.

    pip install "painter-search[kaggle]"
    python scripts/download_kaggle.py originals
    python -m painter_search.prepare --catalogue originals/all_data_info.csv \\
        --originals originals/train.zip originals/test.zip
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

COMPETITION = "painter-by-numbers"
FILES = ("all_data_info.csv", "train.zip", "test.zip", "replacements_for_corrupted_files.zip")
NEEDED_GB = 90


def main() -> int:
    """Download missing files; returns 0 if all are complete, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for the competition's files")
    parser.add_argument("--files", nargs="+", default=list(FILES), help="which files (default: all four)")
    flags = parser.parse_args()
    out: Path = flags.out
    out.mkdir(parents=True, exist_ok=True)
    missing = [name for name in flags.files if not is_complete(out / name)]
    if not missing:
        print(f"Everything is in {out}.")
        return 0
    free = shutil.disk_usage(out).free / 1e9
    if free < NEEDED_GB and any(name.endswith(".zip") for name in missing):
        print(f"{out} has {free:,.0f} GB free and about {NEEDED_GB} are needed; choose another disk.", file=sys.stderr)
        return 1
    client = shutil.which("kaggle")
    if client is None:
        print('Kaggle\'s client is missing: pip install "painter-search[kaggle]"', file=sys.stderr)
        return 1
    for name in missing:
        print(f"Downloading {name} ...")
        # The client resumes a partial file by itself unless it is given --force.
        done = subprocess.run([client, "competitions", "download", "-c", COMPETITION, "-f", name, "-p", str(out)])
        wrapped = out / f"{name}.zip"
        if done.returncode == 0 and wrapped.is_file() and not name.endswith(".zip"):
            with zipfile.ZipFile(wrapped) as archive:  # Kaggle zips single files
                archive.extract(name, out)
            wrapped.unlink()
        if done.returncode != 0 or not is_complete(out / name):
            print(
                f"{name} was not downloaded. It needs an account, a token (~/.kaggle/kaggle.json, or KAGGLE_USERNAME "
                f"and KAGGLE_KEY), and the rules of the competition {COMPETITION} accepted on its page. "
                "Run this again to continue.",
                file=sys.stderr,
            )
            return 1
    print(f"Everything is in {out}.")
    return 0


def is_complete(path: Path) -> bool:
    """Whether a file is complete: an archive needs its directory, which comes last."""
    return path.is_file() and path.stat().st_size > 0 and (path.suffix != ".zip" or zipfile.is_zipfile(path))


if __name__ == "__main__":
    sys.exit(main())
