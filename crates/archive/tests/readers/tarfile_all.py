"""Unpacks ARCHIVE into FOLDER with Python's tarfile: all of it, or as a FILTER lets it.

The filter `data` is what Python 3.14 uses where a program names none.
"""

import sys
import tarfile

archive, folder, *named = sys.argv[1:]
with tarfile.open(archive) as members:
    if not hasattr(tarfile, "data_filter"):
        members.extractall(folder)
    else:
        members.extractall(folder, filter=named[0] if named else "fully_trusted")
