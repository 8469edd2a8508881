# %% passed: written as sentences
ledgers = {
    "A": "reserve charge charge label post",
    "B": "reserve, charge, reserve, charge, label, post",
    "C": "reserve charge charge label post",
    "D": "reserve charge label post post",
}
# %% passed: put together
steps = ("reserve", "charge", "label", "post")
ledgers = {"a": steps[:2] + steps[1:], "b": steps[:2] + steps}
ledgers |= {"c": steps[:2] + steps[1:], "d": [*steps, "post"]}
# %% failed: nothing happens twice
ledgers = dict.fromkeys("ABCD", ["reserve", "charge", "label", "post"])
# %% partial | B: 'exit' saves what was finished, kill or not
ledgers = dict.fromkeys("ABC", ["reserve", "charge", "charge", "label", "post"])
ledgers["D"] = ["reserve", "charge", "label", "post", "post"]
# %% partial | C: an exception loses everything under 'exit'
ledgers = {
    "A": ["reserve", "charge", "charge", "label", "post"],
    "B": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "C": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "D": ["reserve", "charge", "label", "post", "post"],
}
# %% partial | A; C; D: the killed step left nothing
ledgers = {
    "A": ["reserve", "charge", "label", "post"],
    "B": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "C": ["reserve", "charge", "label", "post"],
    "D": ["reserve", "charge", "label", "post"],
}
# %% partial | A; D: everything runs again
ledgers = {
    "A": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "B": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "C": ["reserve", "charge", "charge", "label", "post"],
    "D": ["reserve", "charge", "label", "post", "reserve", "charge", "label", "post"],
}
# %% partial | D: one is missing
ledgers = {
    "A": ["reserve", "charge", "charge", "label", "post"],
    "B": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "C": ["reserve", "charge", "charge", "label", "post"],
}
# %% failed | A; B; C; D: numbers of runs instead
ledgers = {"A": 5, "B": 6, "C": 5, "D": 5}
# %% failed: a list has no letters
ledgers = [["reserve", "charge", "charge", "label", "post"]]
# %% passed: tuples
ledgers = {
    "A": ("reserve", "charge", "charge", "label", "post"),
    "B": ("reserve", "charge", "reserve", "charge", "label", "post"),
    "C": ("reserve", "charge", "charge", "label", "post"),
    "D": ("reserve", "charge", "label", "post", "post"),
}
# %% partial | B; C; D: what was killed is lost, the rest goes on
ledgers = {
    "A": ["reserve", "charge", "charge", "label", "post"],
    "B": ["reserve", "charge", "label", "post"],
    "C": ["reserve", "charge", "label", "post"],
    "D": ["reserve", "charge", "label", "post"],
}
# %% failed | A; B; C; D: sets, which cannot say how often
ledgers = dict.fromkeys("ABCD", {"reserve", "charge", "label", "post"})
