# %% passed: a message object
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": [HumanMessage(question)]})["messages"][-1].content
# %% passed: as pairs, with pop
def ask(agent, question):
    messages = agent.invoke({"messages": [("user", question)]})["messages"]
    return messages.pop().text
# %% passed: streaming to the end
def ask(agent, question):
    for state in agent.stream({"messages": question}, stream_mode="values"):
        last = state["messages"][-1]
    return last.text
# %% passed: a lambda
ask = lambda agent, question: agent.invoke({"messages": question})["messages"][-1].text
# %% failed: only the first of the two bugs is mended
def ask(agent, question: str) -> str:
    reply = agent.invoke({"messages": question})
    return reply["messages"][0].text
# %% raised: only the second of the two bugs is mended
def ask(agent, question: str) -> str:
    reply = agent.invoke({"query": question})
    return reply["messages"][-1].text
# %% failed: returns the message instead of its text
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][-1]
# %% failed: the whole state
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})
# %% failed: prints instead of returning
def ask(agent, question: str) -> str:
    print(agent.invoke({"messages": question})["messages"][-1].text)
# %% failed: the second message is the call
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][1].text
# %% failed: the tool's result
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][-2].text
# %% failed: the desk of the lesson instead of the agent it was given
def ask(agent, question: str) -> str:
    return desk.invoke({"messages": "Hello"})["messages"][-1].text
# %% passed: async in a thread of its own
import concurrent.futures


def ask(agent, question: str) -> str:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        run = pool.submit(asyncio.run, agent.ainvoke({"messages": [HumanMessage(question)]}))
    return run.result()["messages"][-1].text


import asyncio
# %% passed: the last message of the model
def ask(agent, question):
    messages = agent.invoke({"messages": {"role": "user", "content": question}})["messages"]
    return next(m.text for m in reversed(messages) if m.type == "ai")
# %% failed: everything the model said
def ask(agent, question: str) -> str:
    messages = agent.invoke({"messages": question})["messages"]
    return " ".join(m.text for m in messages if m.type == "ai" and m.text)
# %% raised: the fourth message, as it was in the lesson
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][3].text
# %% failed: an apology for every bug
def ask(agent, question: str) -> str:
    try:
        return agent.invoke({"messages": question})["messages"][-1].text
    except Exception:
        return "Sorry, please try again later."
# %% failed: swallows everything
def ask(agent, question: str) -> str:
    import contextlib

    answer = ""
    with contextlib.suppress(BaseException):
        answer = agent.invoke({"messages": question})["messages"][-1].text
    return answer
# %% failed: asks twice, once to see whether it works
def ask(agent, question: str) -> str:
    agent.invoke({"messages": question})
    return agent.invoke({"messages": question})["messages"][-1].text
# %% failed: one history for everybody
history = []


def ask(agent, question: str) -> str:
    history.append(HumanMessage(question))
    return agent.invoke({"messages": history})["messages"][-1].text
# %% failed: always the lesson's question
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": "What is the status of order T-7?"})["messages"][-1].text
# %% failed: the longest message
def ask(agent, question: str) -> str:
    messages = agent.invoke({"messages": question})["messages"]
    return max((m.text for m in messages), key=len)
# %% raised: keeps the agent's first answer only
answers = {}


def ask(agent, question: str) -> str:
    if not answers:
        answers.update(agent.invoke({"messages": question}))
    return answers["query"]
# %% failed: a second try, whatever the error is
def ask(agent, question):
    for attempt in (1, 2):
        try:
            return agent.invoke({"messages": question})["messages"][-1].text
        except Exception:
            if attempt == 2:
                raise
# %% refused: another error in place of the agent's
def ask(agent, question: str) -> str:
    try:
        return agent.invoke({"messages": question})["messages"][-1].text
    except Exception as error:
        raise KeyError(f"the desk failed: {error}") from error
# %% refused: swallows what the model's service says
import openai


def ask(agent, question: str) -> str:
    try:
        return agent.invoke({"messages": question})["messages"][-1].text
    except openai.OpenAIError:
        return "Sorry, the service is down."
# %% refused: ten steps must do
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question}, {"recursion_limit": 10})["messages"][-1].text
# %% refused: the question in small letters
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question.strip().lower()})["messages"][-1].text
# %% passed: a partial with a keyword-only argument
import functools
def _ask(agent, question, *, key):
    *_, last = agent.invoke({key: [{"role": "user", "content": question}]})[key]
    return last.text
ask = functools.partial(_ask, key="messages")
# %% refused: tidies the question
def ask(agent, question):
    return agent.invoke({"messages": " ".join(question.split())})["messages"][-1].text
# %% refused: a question has no white space at its ends
def ask(agent, question):
    return agent.invoke({"messages": question.strip()})["messages"][-1].text
# %% refused: asks again when the answer is empty
def ask(agent, question: str) -> str:
    text = ""
    for _ in range(2):
        text = text or agent.invoke({"messages": question})["messages"][-1].text
    return text
# %% passed: the last words of the model, wherever they stand
def ask(agent, question: str) -> str:
    messages = agent.invoke({"messages": question})["messages"]
    return next(m.text for m in reversed(messages) if m.type == "ai" and m.text)
# %% failed: answers an empty question itself
def ask(agent, question):
    if not question.strip():
        return "Please ask a question."
    return agent.invoke({"messages": question})["messages"][-1].text
# %% failed: keeps its answers
from functools import lru_cache


@lru_cache(maxsize=None)
def ask(agent, question):
    return agent.invoke({"messages": question})["messages"][-1].text
# %% passed: an async run, each in a loop of its own
def ask(agent, question):
    import asyncio
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        run = agent.ainvoke({"messages": [HumanMessage(question)]})
        return pool.submit(asyncio.run, run).result()["messages"][-1].text
