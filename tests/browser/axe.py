"""axe-core (https://github.com/dequelabs/axe-core), fetched once and kept in pytest's cache."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
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
        command = [npm, "pack", PACKAGE, "--json", "--pack-destination", str(cache)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=cache)
        if done.returncode:
            raise RuntimeError(f"npm could not fetch {PACKAGE}; is there a network? {done.stderr}")
        (packed,) = json.loads(done.stdout)
        if packed["integrity"] != INTEGRITY:
            raise RuntimeError(f"npm fetched another {PACKAGE} than the one pinned in axe.py.")
        with tarfile.open(cache / packed["filename"]) as archive:
            script.write_bytes(archive.extractfile("package/axe.min.js").read())
    return script.read_text("utf-8")


async def violations(page: Page, script: str, selector: str, but: Sequence[str] = ()) -> list[str]:
    """Return what is wrong inside `selector`, by all of axe's rules `but` these.

    Contrast is left out: axe takes JupyterLab's cells for hidden and measures nothing there.
    """
    await page.evaluate(script)
    found = await page.evaluate(
        """selector => axe.run(selector, {rules: {'color-contrast': {enabled: false}}})
          .then(result => result.violations)""",
        selector,
    )
    return [
        f"{rule['id']}: {node['html']}"
        for rule in found
        if rule["id"] not in but
        for node in rule["nodes"]
    ]
