# %% passed: reckoned, not counted
calls_made = {"A": (15 + 1) // 2, "B": 16 // 2, "C": 16 // 4, "D": 500}
# %% passed: small letters
calls_made = dict(a=8, b=8, c=4, d=500)
# %% failed: takes supersteps for calls of the model
calls_made = {"A": 15, "B": 16, "C": 16, "D": 3}
# %% partial | A: rounds down, as if the tools had the first step
calls_made = {"A": 7, "B": 8, "C": 4, "D": 500}
# %% partial | C: a middleware costs nothing, surely
calls_made = {"A": 8, "B": 8, "C": 8, "D": 500}
# %% partial | D: each worker is a step
calls_made = {"A": 8, "B": 8, "C": 4, "D": 2}
# %% partial | B: one more step is one more call
calls_made = {"A": 8, "B": 9, "C": 4, "D": 500}
# %% partial | D: forgets a letter
calls_made = {"A": 8, "B": 8, "C": 4}
# %% failed: writes words
calls_made = {"A": "8", "B": "8", "C": "4", "D": "500"}
# %% failed: a list
calls_made = [8, 8, 4, 500]
# %% not_attempted: one is still open
calls_made = {"A": 8, "B": 8, "C": 4, "D": ...}
# %% failed: one number for all
calls_made = {"A": 8, "B": 8, "C": 8, "D": 8}
# %% partial | C; D: begins with two that are alike
calls_made = {"A": 8, "B": 8}
