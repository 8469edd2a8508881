"""axe-core (https://github.com/dequelabs/axe-core), fetched once and kept in pytest's cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Page

__all__ = ("fetch", "violations")

PACKAGE = "axe-core@4.14.1"
INTEGRITY = (  # of the package, as npm states it
    "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/"
    "pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)


def fetch(cache: Path) -> str:
    """Return axe-core's script; `cache` is where it is kept.

    Raises:
        RuntimeError: If it is not there and cannot be fetched, with the reason and the cure.
    """
    script = cache / f"{PACKAGE}.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("npm is missing. Install it (Debian, Ubuntu: apt-get install npm).")
        with tempfile.TemporaryDirectory(dir=cache) as own:  # another worker may do the same now
            command = [npm, "pack", PACKAGE, "--json", "--pack-destination", own]
            done = subprocess.run(command, capture_output=True, text=True, cwd=own)
            if done.returncode:
                why = f"npm could not fetch {PACKAGE}; is there a network? {done.stderr}"
                raise RuntimeError(why)
            (packed,) = json.loads(done.stdout)
            if packed["integrity"] != INTEGRITY:
                raise RuntimeError(f"npm fetched another {PACKAGE} than the one pinned in axe.py.")
            with tarfile.open(Path(own, packed["filename"])) as archive:
                archive.extract("package/axe.min.js", own, filter="data")
            Path(own, "package/axe.min.js").replace(script)
    return script.read_text("utf-8")


async def violations(page: Page, script: str, selector: str, but: Sequence[str] = ()) -> list[str]:
    """Return what is wrong inside `selector`, by all of axe's rules `but` these.

    Contrast is left out: axe takes JupyterLab's cells for hidden and measures nothing there.
    """
    await page.evaluate(script)
    found = await page.evaluate(
        """selector => axe.run(selector, {
          rules: {'color-contrast': {enabled: false}},
          resultTypes: ['violations'],  // of what is right it would describe each node
        }).then(result => result.violations)""",
        selector,
    )
    return [
        f"{rule['id']}: {node['html']}"
        for rule in found
        if rule["id"] not in but
        for node in rule["nodes"]
    ]
