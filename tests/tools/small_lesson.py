"""A small lesson to try the builder on."""

from __future__ import annotations

from pathlib import Path

import nbformat

LESSON = '''\
# %% [markdown]
# # 7. A small lesson
#
# Some prose. Core {core_minutes} min, deeper {deeper_minutes} min.

# %%
import json
import os

import ipywidgets
from IPython.display import display

TYPE = "application/vnd.course.result+json"


def show(status: str) -> None:
    """Show what a check shows."""
    display({TYPE: {"status": status, "message": "Why."}, "text/plain": status}, raw=True)


print("progress goes to", os.path.basename(os.environ["COURSE_PROGRESS"]))

# %% [markdown]
# ## Exercise 7.1 - twice

# %% tags=["exercise", "ex1"]
def double(x: int) -> int:
    """Return twice `x`."""
    # BEGIN SOLUTION
    twice = x + x
    return twice
    # END SOLUTION


# BEGIN SOLUTION
limit: int = 6 * 7
first, last = 1, 9
# END SOLUTION
unit = "seconds"

# %% tags=["check", "ex1"]
show("not_attempted" if limit is ... else "passed" if double(limit) == 84 else "failed")

# %%
from IPython.display import HTML

HTML('<img alt="A dot." src="data:image/png;base64,%s">' % ("abcd" * 4))

# %%
ipywidgets.Button(description="Go")

# %% tags=["raises-exception"]
json.loads("{")

# %% [markdown] tags=["solution"]
# Why this is right.

# %% [markdown]
# ## Exercise 7.2 - two

# %% tags=["exercise", "ex2"]
# BEGIN SOLUTION
two = 2
# END SOLUTION

# %% tags=["check", "ex2"]
show({True: "not_attempted"}.get(two is ..., "passed"))

# %% [markdown]
# ## Exercise 7.3 - three

# %% tags=["exercise", "ex3"]
# BEGIN SOLUTION
three = 3
# END SOLUTION

# %% tags=["check", "ex3"]
show({True: "not_attempted"}.get(three is ..., "passed"))

# %% [markdown]
# ## You can stop here

# %% [markdown]
# ## Deeper
'''


def lesson_in(folder: Path, text: str = LESSON) -> Path:
    """Write a lesson into a small course and return its path."""
    source = folder / "lessons" / "07_small.py"
    source.parent.mkdir(exist_ok=True)
    source.write_text(text, "utf-8")
    return source


def cells(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Return the source of each cell by its id."""
    return {cell.id: cell.source for cell in notebook.cells}
