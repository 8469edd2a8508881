"""What a first structured answer loads is loaded here: each case is a fork of this process.

Two seconds of CPU time for each case that would load it for itself, and once more in its scout.
"""

import openai.types.beta.realtime.session
import openai.types.beta.text_format  # noqa: F401
