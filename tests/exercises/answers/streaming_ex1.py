# %% passed: small letters
best = dict(zip("abcdefg", "messages invoke updates messages invoke messages invoke".split()))
# %% passed: sorted by mode
best = {
    **dict.fromkeys("ADF", "messages"),
    **dict.fromkeys("BEG", "invoke"),
    **dict.fromkeys("C", "updates"),
}
# %% partial | D: "back ends use invoke"
best = {
    "A": "messages", "B": "invoke", "C": "updates", "D": "invoke",
    "E": "invoke", "F": "messages", "G": "invoke",
}
# %% failed: "always stream"
best = dict.fromkeys("ABCDEFG", "messages")
# %% failed: "streaming is for show"
best = dict.fromkeys("ABCDEFG", "invoke")
# %% partial | F: a voice needs the whole answer, does it not?
best = {
    "A": "messages", "B": "invoke", "C": "updates", "D": "messages",
    "E": "invoke", "F": "invoke", "G": "invoke",
}
# %% partial | C: words for everybody who watches
best = {
    "A": "messages", "B": "invoke", "C": "messages", "D": "messages",
    "E": "invoke", "F": "messages", "G": "invoke",
}
# %% partial | G: one letter is missing
best = {
    "A": "messages", "B": "invoke", "C": "updates", "D": "messages",
    "E": "invoke", "F": "messages",
}
# %% partial | A; D; F: another word for it
best = {
    "A": "stream", "B": "invoke", "C": "updates", "D": "stream",
    "E": "invoke", "F": "stream", "G": "invoke",
}
# %% failed: a list has no letters
best = ["messages", "invoke", "updates", "messages", "invoke", "messages", "invoke"]
# %% failed: letters and modes swapped
best = {"messages": "A", "invoke": "B", "updates": "C"}
# %% passed: one after the other
best = {letter: "invoke" for letter in "BEG"}
best.update({letter: "messages" for letter in "ADF"}, C="updates")
# %% failed: letters for each mode
best = {"messages": ["A", "D", "F"], "updates": ["C"], "invoke": ["B", "E", "G"]}
# %% partial | B; C: progress is "custom"
best = {
    "A": "messages", "B": "updates", "C": "custom", "D": "messages",
    "E": "invoke", "F": "messages", "G": "invoke",
}
# %% partial | C; E; G: a yes is a word, too
best = {
    "A": "messages", "B": "invoke", "C": "invoke", "D": "messages",
    "E": "messages", "F": "messages", "G": "messages",
}
