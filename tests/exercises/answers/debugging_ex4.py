# %% passed: small letters
traces = dict(zip("abcdefg", [True, False, False, True, False, False, True]))
# %% passed: asked LangSmith
from unittest import mock

traces = {}
for letter, variables in settings.items():
    with mock.patch.dict(os.environ, variables):
        os.environ.pop("LANGSMITH_TRACING_V2", None)
        get_env_var.cache_clear()
        traces[letter] = tracing_is_enabled()
get_env_var.cache_clear()
# %% partial | B; C: anything that looks like yes
traces = {"A": True, "B": True, "C": True, "D": True, "E": False, "F": False, "G": True}
# %% partial | D; E: the new name goes first
traces = {"A": True, "B": False, "C": False, "D": False, "E": True, "F": False, "G": True}
# %% partial | F: a key is enough
traces = {"A": True, "B": False, "C": False, "D": True, "E": False, "F": True, "G": True}
# %% partial | G: hiding is off
traces = {"A": True, "B": False, "C": False, "D": True, "E": False, "F": False, "G": False}
# %% partial | E: either of them is enough
traces = {"A": True, "B": False, "C": False, "D": True, "E": True, "F": False, "G": True}
# %% partial | B: one is missing
traces = {"A": True, "C": False, "D": True, "E": False, "F": False, "G": True}
# %% failed: words instead of True and False
traces = dict.fromkeys("ABCDEFG", "yes")
# %% failed: a list
traces = [True, False, False, True, False, False, True]
# %% passed: one and zero
traces = {"A": 1, "B": 0, "C": 0, "D": 1, "E": 0, "F": 0, "G": 1}
