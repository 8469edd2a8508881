# %% passed: counted with the fingers
requests_for_one_question = 1 + 1
# %% passed: a number is a number
requests_for_one_question = 2.0
# %% failed: forgets that the result has to go back to the model
requests_for_one_question = 1
# %% failed: counts the run of the tool as a request
requests_for_one_question = 3
# %% failed: counts the messages of the thread
requests_for_one_question = 4
# %% failed: a word instead of a number
requests_for_one_question = "two"
# %% failed: an unanswered question with a default
requests_for_one_question = None
# %% failed: sure that it is some number
requests_for_one_question = True
# %% passed: worked out
requests_for_one_question = len(["the call", "the answer"])
# %% failed: what the log holds by now
requests_for_one_question = len(model.requests) + 1
# %% failed: a list of requests
requests_for_one_question = ["call", "answer"]
