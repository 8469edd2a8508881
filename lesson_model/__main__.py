"""Serve the lesson model alone: python -m lesson_model --port 8080."""

from __future__ import annotations

import argparse
import sys
import time

from lesson_model.faults import WORDS
from lesson_model.model import LessonModel


def main() -> int:
    """Serve until Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m lesson_model",
        description="An offline chat model that speaks OpenAI's API on 127.0.0.1.",
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--pace",
        nargs=2,
        type=float,
        default=(0.0, 0.0),
        metavar=("FIRST", "PER_TOKEN"),
        help="seconds before the first token and between tokens",
    )
    words = f"a fault every request meets: {', '.join(WORDS)}"
    parser.add_argument("--fail", choices=WORDS, metavar="WORD", help=words)
    choices = parser.parse_args()
    try:
        model = LessonModel(choices.port)
        model.pace(*choices.pace)
        if choices.fail:
            model.fail(choices.fail, times=None)
    except (OSError, ValueError) as error:
        print(f"The lesson model cannot start. {error}", file=sys.stderr)
        return 1
    print(f"The lesson model answers at {model.url} - stop it with Ctrl-C.", flush=True)
    try:
        while True:
            time.sleep(3600)  # unlike a lock, Ctrl-C ends it on Windows too
    except KeyboardInterrupt:
        model.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
