# %% passed: a thread for each customer, written differently
def reply(agent, request):
    config = {"configurable": {"thread_id": f"customer-{request['customer']}"}}
    return agent.invoke({"messages": [("user", request["text"])]}, config)["messages"][-1].text
# %% passed: streamed, and the last state is taken
def reply(agent, request):
    who, text = request["customer"], request["text"]
    thread = {"configurable": {"thread_id": who}}
    *_, state = agent.stream({"messages": text}, thread, stream_mode="values")
    return state["messages"][-1].content
# %% partial | after a restart: a table from customer to thread, which dies with the process
ids = {}


def reply(agent, request: dict) -> str:
    number = ids.setdefault(request["customer"], len(ids))
    thread = {"configurable": {"thread_id": str(number)}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: leaves it as it was
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["page"]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: one thread for all, so that nothing is forgotten
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": "default"}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | on another page: customer and page
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": f"{request['customer']}{request['page']}"}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | on another page; on the same page: a new id for each request, to be safe
def reply(agent, request: dict) -> str:
    import uuid

    thread = {"configurable": {"thread_id": str(uuid.uuid4())}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% passed: LangGraph finds the thread id outside `configurable`, too
def reply(agent, request: dict) -> str:
    state = agent.invoke({"messages": request["text"]}, {"thread_id": request["customer"]})
    return state["messages"][-1].text
# %% raised: no thread at all
def reply(agent, request: dict) -> str:
    return agent.invoke({"messages": request["text"]})["messages"][-1].text
# %% failed: returns the first message
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][0].text
# %% failed: returns the message
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1]
# %% failed: forgets to return
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    print(agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text)
# %% passed: an opaque id that every process works out alike
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": str(uuid.uuid5(uuid.NAMESPACE_URL, request["customer"]))}}
    agent.invoke({"messages": [("user", request["text"])]}, thread)
    return agent.get_state(thread).values["messages"][-1].text
# %% passed: a hash that every process works out alike
import hashlib


def reply(agent, request: dict) -> str:
    key = hashlib.sha256(request["customer"].encode()).hexdigest()
    *_, last = agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"]
    return last.text
# %% passed: an object with a method
class Desk:
    def thread(self, request):
        return {"configurable": {"thread_id": request["customer"]}}

    def reply(self, agent, request):
        return agent.invoke({"messages": request["text"]}, self.thread(request))["messages"][-1].text


reply = Desk().reply
# %% partial | after a restart: Python's hash differs from process to process
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": str(hash(request["customer"]))}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | after a restart: an id for each customer, kept in the process
sessions = {}


def reply(agent, request: dict) -> str:
    key = sessions.setdefault(request["customer"], str(uuid.uuid4()))
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% partial | after a restart: sessions on an object
class Sessions:
    def __init__(self):
        self.known = {}

    def __call__(self, agent, request):
        key = self.known.setdefault(request["customer"], str(uuid.uuid4()))
        state = agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})
        return state["messages"][-1].text


reply = Sessions()
# %% partial | after a restart: the number of the process is in it
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": f"{os.getpid()}-{request['customer']}"}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: the first letter
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"][0]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: the first four letters
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"][:4]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: the length of the name
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": str(len(request["customer"]))}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% raised: the customers of the example
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": {"ada": "1", "bert": "2"}[request["customer"]]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% failed: tells the model who is logged in
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"] + request["page"]}}
    text = f"My name is {request['customer'].title()}. {request['text']}"
    return agent.invoke({"messages": text}, thread)["messages"][-1].text
# %% partial | another page; the same page; words as they are: a history of its own, sent along each time
memory = defaultdict(list)


def reply(agent, request: dict) -> str:
    memory[request["customer"]].append(("user", request["text"]))
    thread = {"configurable": {"thread_id": str(uuid.uuid4())}}
    text = " ".join(text for _, text in memory[request["customer"]])
    return agent.invoke({"messages": text}, thread)["messages"][-1].text
# %% failed: takes the customer out of the request
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request.pop("customer")}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% failed: asks twice, to be sure
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    agent.invoke({"messages": request["text"]}, thread)
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: the letters of the id
import re
def reply(agent, request: dict) -> str:
    key = "".join(re.findall(r"[a-z]", request["customer"]))
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% refused: the first eight characters
def reply(agent, request: dict) -> str:
    key = request["customer"][:8]
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% refused: what stands before the dash
def reply(agent, request: dict) -> str:
    key = request["customer"].split("-")[0]
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% refused: what stands after the dash
def reply(agent, request: dict) -> str:
    key = request["customer"].split("-")[-1]
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% refused: the last four characters
def reply(agent, request: dict) -> str:
    key = request["customer"][-4:]
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% refused: the sum of the characters
import hashlib
def reply(agent, request: dict) -> str:
    key = str(sum(map(ord, request["customer"])))
    return agent.invoke({"messages": request["text"]}, {"configurable": {"thread_id": key}})["messages"][-1].text
# %% refused: the history again, so that the thread grows
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    old = agent.get_state(thread).values.get("messages", [])
    messages = [{"role": m.type if m.type != "human" else "user", "content": m.text} for m in old]
    messages = [{"role": "assistant" if m["role"] == "ai" else m["role"], "content": m["content"]} for m in messages]
    messages.append({"role": "user", "content": request["text"]})
    return agent.invoke({"messages": messages}, thread)["messages"][-1].text
# %% partial | an error of the desk: an apology for every error
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    try:
        return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
    except Exception:
        return "Sorry, try again later."
# %% passed: the history again, with its ids, which changes nothing
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    old = agent.get_state(thread).values.get("messages", [])
    return agent.invoke({"messages": [*old, ("user", request["text"])]}, thread)["messages"][-1].text
# %% partial | words as they are: tidies the text
def reply(agent, request):
    thread = {"configurable": {"thread_id": request["customer"]}}
    text = " ".join(request["text"].split())
    return agent.invoke({"messages": text}, thread)["messages"][-1].text
# %% partial | words as they are: a long text is cut
def reply(agent, request):
    thread = {"configurable": {"thread_id": request["customer"]}}
    return agent.invoke({"messages": request["text"][:500]}, thread)["messages"][-1].text
# %% partial | words as they are: strips the text
def reply(agent, request):
    thread = {"configurable": {"thread_id": request["customer"]}}
    return agent.invoke({"messages": request["text"].strip()}, thread)["messages"][-1].text
# %% refused: cleans the name, so that two customers may share one
def reply(agent, request):
    name = "".join(sign for sign in request["customer"].lower() if sign.isalnum())
    thread = {"configurable": {"thread_id": name}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: letters of the Latin alphabet, digits and dashes only
def reply(agent, request):
    import re

    thread = {"configurable": {"thread_id": re.sub(r"[^A-Za-z0-9@.-]", "", request["customer"])}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: a name for a file, with a dash for each odd character
def reply(agent, request):
    import re

    thread = {"configurable": {"thread_id": re.sub(r"\W", "-", request["customer"])}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: ASCII only
def reply(agent, request):
    name = request["customer"].encode("ascii", "replace").decode()
    thread = {"configurable": {"thread_id": name}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: ids are the same in capitals, as mail addresses are
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"].casefold()}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% refused: the column of the old table has 36 characters
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"][:36]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | nobody else's conversation: strips blanks
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"].strip()}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
