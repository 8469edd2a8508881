# %% passed: in lower case
line = dict(a="rejection", b="persistence", c="retry", d="approval", e="timeouts", f="errors", g="logging")
# %% passed: zipped
lines = "rejection persistence retry approval timeouts errors logging".split()
line = dict(zip("ABCDEFG", lines))
# %% partial | dead after a no; a key in a screenshot: everything that was told wrongly is an error
line = {
    "A": "errors",
    "B": "persistence",
    "C": "retry",
    "D": "approval",
    "E": "timeouts",
    "F": "logging",
    "G": "logging",
}
# %% partial | nine requests; all chats hung: a provider in trouble, so another provider
line = {
    "A": "rejection",
    "B": "persistence",
    "C": "fallback",
    "D": "approval",
    "E": "fallback",
    "F": "errors",
    "G": "logging",
}
# %% partial | dead after a no; 480 euros too much: an owner who says no, and one who says yes, mixed up
line = {
    "A": "approval",
    "B": "persistence",
    "C": "retry",
    "D": "rejection",
    "E": "timeouts",
    "F": "errors",
    "G": "logging",
}
# %% partial | nine requests; card numbers: nine requests sound like a loop, and one is forgotten
line = {
    "A": "rejection",
    "B": "persistence",
    "C": "limits",
    "D": "approval",
    "E": "timeouts",
    "F": "errors",
}
# %% partial | strangers after an update: a word of his own
line = {
    "A": "rejection",
    "B": "memory",
    "C": "retry",
    "D": "approval",
    "E": "timeouts",
    "F": "errors",
    "G": "logging",
}
# %% failed: a list
line = ["rejection", "persistence", "retry", "approval", "timeouts", "errors", "logging"]
# %% passed: word by word
line = dict(A="rejection", B="persistence", C="retry", D="approval")
line.update(E="timeouts", F="errors", G="logging")
# %% failed: one word for all of it
line = dict.fromkeys("ABCDEFG", "errors")
