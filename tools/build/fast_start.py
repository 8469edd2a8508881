"""Spare every process that reads notebooks 2.7 CPU seconds.

`nbformat` imports `jsonschema`, which imports `rfc3987_syntax` where that is installed, which
builds a grammar of internationalised addresses while it is imported (2.7 of the 2.9 CPU seconds
of `import nbformat`). `jsonschema` treats it as optional: without it the formats "uri" and "iri"
are not checked. The schema of notebooks uses neither, so nothing is checked less strictly.

Import this before anything that imports `nbformat`; pytest does with `-p tools.build.fast_start`.
"""

from __future__ import annotations

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # None: importing it raises ImportError
