# %% passed: small letters
requests_made = {"a": 2, "b": 4, "c": 7, "d": 5}
# %% passed: written as sums
supervisor, worker = 2, 2
requests_made = {
    "A": worker,
    "B": supervisor + worker,
    "C": supervisor + 1 + 2 * worker,
    "D": supervisor + worker + 1,
}
# %% partial | one agent; the team: forgets that somebody has to answer
requests_made = {"A": 1, "B": 3, "C": 7, "D": 5}
# %% partial | the team; two tasks; one task: counts the agents, not their requests
requests_made = {"A": 2, "B": 2, "C": 3, "D": 2}
# %% partial | two tasks: forgets the supervisor's request between the tasks
requests_made = {"A": 2, "B": 4, "C": 6, "D": 5}
# %% partial | one task: two logs in one request
requests_made = {"A": 2, "B": 4, "C": 7, "D": 4}
# %% partial | two tasks; one task: believes that the team asks each of its three workers
requests_made = {"A": 2, "B": 4, "C": 10, "D": 10}
# %% partial | one task: leaves one out
requests_made = {"A": 2, "B": 4, "C": 7}
# %% partial | one agent: a word instead of a number
requests_made = {"A": "two", "B": 4, "C": 7, "D": 5}
# %% failed: a list
requests_made = [2, 4, 7, 5]
# %% passed: from a table of calls
calls = {"A": [1], "B": [1, 1], "C": [2, 1, 1], "D": [1, 2]}
requests_made = {letter: sum(n + 1 for n in agents) for letter, agents in calls.items()}
# %% failed: counts the tools as well
requests_made = {"A": 3, "B": 6, "C": 11, "D": 8}
# %% failed: one number for all
requests_made = dict.fromkeys("ABCD", 5)
