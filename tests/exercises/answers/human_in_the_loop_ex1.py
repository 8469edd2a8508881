# %% passed: one chain of nodes, written as a sequence
def build_refunds(mail, pay, saver):
    graph = StateGraph(Case)

    def send_mail(case):
        mail("Your order " + case["order"] + " is being looked at.")

    def decide(case):
        word = interrupt({"question": "refund?", "order": case["order"]})
        if word != "approve":
            return {"outcome": "not paid"}
        pay(case["order"], case["amount"])
        return {"outcome": "paid"}

    graph.add_sequence([send_mail, decide])
    graph.add_edge(START, "send_mail")
    return graph.compile(checkpointer=saver)
# %% passed: three nodes, the money in its own
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"Order {case['order']}: we are on it.")
        return {}

    def ask(case: Case) -> Command[Literal["transfer", "refuse"]]:
        return Command(goto="transfer" if interrupt("Refund?") == "approve" else "refuse")

    def transfer(case: Case) -> dict:
        pay(order=case["order"], amount=case["amount"])
        return {"outcome": "paid"}

    def refuse(case: Case) -> dict:
        return {"outcome": "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(ask).add_node(transfer).add_node(refuse)
    graph.add_edge(START, "tell").add_edge("tell", "ask")
    return graph.compile(checkpointer=saver)
# %% passed: a task of the functional API is not run again
def build_refunds(mail, pay, saver):
    from langgraph.func import entrypoint, task

    @task
    def tell(order: str) -> None:
        mail(f"We are looking into order {order}.")

    @entrypoint(checkpointer=saver)
    def handle(case: dict) -> dict:
        tell(case["order"]).result()
        decision = interrupt("Refund?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    return handle
# %% failed | no second mail comes with the answer; every customer gets a mail; the next case on the same thread; a week later, in another process: the broken version, as it stands
def build_refunds(mail, pay, saver):
    def handle(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    return StateGraph(Case).add_node(handle).add_edge(START, "handle").compile(checkpointer=saver)
# %% failed | the customer has a mail while the colleague thinks; no second mail comes with the answer; every customer gets a mail; the next case on the same thread; a week later, in another process: the mail moved below the question
def build_refunds(mail, pay, saver):
    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        mail(f"We are looking into order {case['order']}.")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    return StateGraph(Case).add_node(handle).add_edge(START, "handle").compile(checkpointer=saver)
# %% failed | no second mail comes with the answer; every customer gets a mail; the next case on the same thread; a week later, in another process: a variable remembers, until the next process
def build_refunds(mail, pay, saver):
    told = set()

    def handle(case: Case) -> dict:
        if case["order"] not in told:
            mail(f"We are looking into order {case['order']}.")
            told.add(case["order"])
        decision = interrupt("Refund?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    return StateGraph(Case).add_node(handle).add_edge(START, "handle").compile(checkpointer=saver)
# %% failed | the customer has a mail while the colleague thinks; no second mail comes with the answer; anything else; every customer gets a mail; the next case on the same thread; a week later, in another process: pays in the node that comes before the question
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        decision = interrupt("Refund?")
        pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
# %% partial | anything else; the next case on the same thread: asks whether the answer is true
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        if interrupt("Refund?"):
            pay(case["order"], case["amount"])
            return {"outcome": "paid"}
        return {"outcome": "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
# %% failed: forgets to return the graph
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    graph = StateGraph(Case).add_node(tell).add_edge(START, "tell")
    graph.compile(checkpointer=saver)
# %% failed: both nodes start at once, without a checkpointer
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        decision = interrupt("Refund?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile()
# %% passed: the first node returns nothing
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return None

    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
# %% passed: the first node does not return at all
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        pass

    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
# %% partial | the next case on the same thread; a week later, in another process: remembers per thread in a module-level dict (keyed by thread_id through the config), still a variable of this process
from langgraph.config import get_config
MAILED = {}
def build_refunds(mail, pay, saver):
    def handle(case: Case) -> dict:
        if MAILED.setdefault(get_config()["configurable"]["thread_id"], 0) == 0:
            MAILED[get_config()["configurable"]["thread_id"]] += 1
            mail(f"We are looking into order {case['order']}.")
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}
    return StateGraph(Case).add_node(handle).add_edge(START, "handle").compile(checkpointer=saver)
# %% partial | the next case on the same thread: notes in the thread that its customer was told
class Told(Case):
    told: bool


def build_refunds(mail, pay, saver):
    def tell(case: Told) -> dict:
        if case.get("told"):
            return {}
        mail(f"Order {case['order']} is with a colleague.")
        return {"told": True}

    def ask(case: Told) -> dict:
        if interrupt(f"{case['amount']} euros back?") != "approve":
            return {"outcome": "not paid"}
        pay(case["order"], case["amount"])
        return {"outcome": "paid"}

    graph = StateGraph(Told).add_sequence([tell, ask])
    return graph.add_edge(START, "tell").compile(checkpointer=saver)
# %% partial | the next case on the same thread: a "no" leaves the outcome of the case before
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"Order {case['order']} is with a colleague.")
        return {} if case.get("outcome") else {"outcome": "not paid"}

    def ask(case: Case) -> dict:
        if interrupt(f"{case['amount']} euros back?") == "approve":
            pay(case["order"], case["amount"])
            return {"outcome": "paid"}

    graph = StateGraph(Case).add_sequence([tell, ask])
    return graph.add_edge(START, "tell").compile(checkpointer=saver)
# %% partial | the next case on the same thread: keeps a list of the orders that were mailed, on disk
def build_refunds(mail, pay, saver):
    import tempfile
    from pathlib import Path

    from langgraph.config import get_config

    def ask(case: Case) -> dict:
        noted = Path(tempfile.gettempdir(), f"told-{case['order']}-{get_config()['configurable']['thread_id']}")
        if not noted.exists():
            noted.touch()
            mail(f"Order {case['order']} is with a colleague.")
        if interrupt(f"{case['amount']} euros back?") != "approve":
            return {"outcome": "not paid"}
        pay(case["order"], case["amount"])
        return {"outcome": "paid"}

    graph = StateGraph(Case).add_node(ask).add_edge(START, "ask")
    return graph.compile(checkpointer=saver)
# %% partial | an error of: paid, whatever the bank says
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            try:
                pay(case["order"], case["amount"])
            except Exception:
                pass
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
# %% partial | anything else: a part of the word will do
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        ok = decision in "approve"
        if ok:
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if ok else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
# %% partial | an error of: the bank is asked again
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle, retry_policy=RetryPolicy(initial_interval=0.01, retry_on=Exception))
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
from langgraph.types import RetryPolicy
# %% partial | the next case on the same thread: a set beside the nodes, which the service keeps
def build_refunds(mail, pay, saver):
    told = set()

    def tell(case: Case) -> dict:
        if case["order"] not in told:
            told.add(case["order"])
            mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        decision = interrupt("Refund?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_sequence([tell, handle]).add_edge(START, "tell")
    return graph.compile(checkpointer=saver)
# %% partial | the next case on the same thread: the node of the mail is cached, by the order
from langgraph.cache.memory import InMemoryCache
from langgraph.types import CachePolicy


def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {"outcome": "open"}

    def handle(case: Case) -> dict:
        decision = interrupt("Refund?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    by_order = CachePolicy(key_func=lambda case: case["order"])
    graph = StateGraph(Case).add_node(tell, cache_policy=by_order).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver, cache=InMemoryCache())
# %% partial | the next case on the same thread: the node of the mail is cached, by its whole input
from langgraph.cache.memory import InMemoryCache
from langgraph.types import CachePolicy


def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {"outcome": "open"}

    def handle(case: Case) -> dict:
        decision = interrupt("Refund?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell, cache_policy=CachePolicy()).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver, cache=InMemoryCache())
# %% partial | anything else: reads capitals and blanks kindly
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        if str(interrupt("Refund?")).strip().lower() == "approve":
            pay(case["order"], case["amount"])
            return {"outcome": "paid"}
        return {"outcome": "not paid"}

    graph = StateGraph(Case).add_sequence([tell, handle]).add_edge(START, "tell")
    return graph.compile(checkpointer=saver)
# %% partial | the next case on the same thread: never pays twice, whatever the next case is
def build_refunds(mail, pay, saver):
    def tell(case: Case) -> dict:
        mail(f"Order {case['order']} is being looked at.")
        return {}

    def decide(case: Case) -> dict:
        decision = interrupt("Refund?")
        if decision == "approve" and case.get("outcome") != "paid":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_sequence([tell, decide]).add_edge(START, "tell")
    return graph.compile(checkpointer=saver)
# %% partial | the next case on the same thread: one "no" settles the order
def build_refunds(mail, pay, saver):
    refused = set()

    def tell(case: Case) -> dict:
        mail(f"Order {case['order']} is being looked at.")
        return {}

    def decide(case: Case) -> dict:
        if interrupt("Refund?") != "approve":
            refused.add(case["order"])
        if case["order"] in refused:
            return {"outcome": "not paid"}
        pay(case["order"], case["amount"])
        return {"outcome": "paid"}

    graph = StateGraph(Case).add_sequence([tell, decide]).add_edge(START, "tell")
    return graph.compile(checkpointer=saver)
