import argparse
import hashlib
from collections import defaultdict
from pathlib import Path


def find_duplicates(root: Path, min_size: int = 1) -> dict[str, list[Path]]:
    """Groups the files below `root` by the hash of their content."""
    by_size = defaultdict(list)
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size >= min_size:
            by_size[path.stat().st_size].append(path)
    groups = defaultdict(list)
    for paths in by_size.values():
        if len(paths) > 1:
            for path in paths:
                groups[hashlib.sha256(path.read_bytes()).hexdigest()].append(path)
    return {digest: paths for digest, paths in groups.items() if len(paths) > 1}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    for digest, paths in find_duplicates(parser.parse_args().root).items():
        print(digest[:12], *paths, sep="\n  ")
