"""Prints one hash over a folder: the names, modes and contents of everything below it.

Two folders with the same hash unpack to the same thing. Times are left out: a copy may change them.
"""

import hashlib
import sys
from pathlib import Path


def tree_hash(root: Path) -> str:
    """Return the SHA-256, in hex, over the sorted relative names, modes and contents of everything below root.

    Raises ``NotADirectoryError`` when root is not a folder, so that a build that made nothing has no hash.
    """
    if not root.is_dir():
        raise NotADirectoryError(root)
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        kind = "link" if path.is_symlink() else "folder" if path.is_dir() else "file"
        digest.update(f"{kind} {path.relative_to(root).as_posix()} {path.lstat().st_mode:o}\0".encode())
        if kind == "file":
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        elif kind == "link":
            digest.update(str(path.readlink()).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    print(tree_hash(Path(sys.argv[1])))
