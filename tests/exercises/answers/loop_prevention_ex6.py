# %% passed: the limits in a table
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        turn = []
        for message in state["messages"]:
            turn = [] if isinstance(message, HumanMessage) else [*turn, message]
        tokens = used(turn)
        spent = {
            "tokens": sum(tokens) / self.tokens,
            "money": dollars(*tokens) / self.dollars,
            "time": (time.monotonic() - state["started"]) / self.seconds,
        }
        for what, share in spent.items():
            if share >= 1:
                answer = AIMessage(f"I have no {what} left for this question.")
                return {"messages": [answer], "jump_to": "end"}
        return None
# %% passed: remembers where the turn began, and reads another clock
class Here(TurnState):
    first: NotRequired[int]


class Budget(TurnLimits):
    state_schema = Here

    def before_agent(self, state, runtime):
        return {"started": time.perf_counter(), "first": len(state["messages"])}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        sent, written = used(state["messages"][state["first"] :])
        late = time.perf_counter() - state["started"] > self.seconds
        if late or sent + written >= self.tokens or dollars(sent, written) >= self.dollars:
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | tokens: more than, for the tokens
class Budget(TurnLimits):
    """Stop a turn, in words, once it has used up what it may."""

    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        messages = state["messages"]
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        sent, written = used(messages[asked:])
        if (
            sent + written > self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            words = "I stop here, this has become too much. A colleague will write to you."
            return {"jump_to": "end", "messages": [AIMessage(words)]}
# %% partial | money: more than, for the money
class Budget(TurnLimits):
    """Stop a turn, in words, once it has used up what it may."""

    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        messages = state["messages"]
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        sent, written = used(messages[asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) > self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            words = "I stop here, this has become too much. A colleague will write to you."
            return {"jump_to": "end", "messages": [AIMessage(words)]}
# %% passed: more than, for the time
class Budget(TurnLimits):
    """Stop a turn, in words, once it has used up what it may."""

    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        messages = state["messages"]
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        sent, written = used(messages[asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] > self.seconds
        ):
            words = "I stop here, this has become too much. A colleague will write to you."
            return {"jump_to": "end", "messages": [AIMessage(words)]}
# %% partial | tokens; money; two customers at once: counts over the whole thread
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        sent, written = used(state["messages"])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% failed | tokens; money; time; two customers at once; parts of a second: the hook may not jump
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | two customers at once: the clock is everybody's
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        self.started = time.monotonic()

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - self.started >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | time: the clock starts when the agent is built
class Budget(TurnLimits):
    def __init__(self, tokens, dollars, seconds):
        super().__init__(tokens, dollars, seconds)
        self.started = time.monotonic()

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - self.started >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | tokens: forgets what the model writes
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | money: one price for all
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        tokens = sum(used(state["messages"][asked:]))
        if (
            tokens >= self.tokens
            or tokens * PRICE["input"] / 1_000_000 >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% failed | tokens; money; time; two customers at once; parts of a second: raises
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            raise RuntimeError("over budget")
# %% failed | tokens; money; time; two customers at once; parts of a second: stops without a word
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end"}
# %% failed | tokens; money; time; two customers at once; parts of a second: stops after the model, with a call open
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def after_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end"}
# %% partial | money; time; two customers at once; parts of a second: only the tokens
class Budget(TurnLimits):
    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        if sum(used(state["messages"][asked:])) >= self.tokens:
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | two customers at once: a base of tokens kept on self, set anew by each customer's turn, shared by all customers
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        self.base = used(state["messages"])
        return {"started": time.monotonic()}
    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        s, w = used(state["messages"])
        s, w = s - self.base[0], w - self.base[1]
        if s + w >= self.tokens or dollars(s, w) >= self.dollars or time.monotonic() - state["started"] >= self.seconds:
            return {"jump_to": "end", "messages": [AIMessage("Stop.")]}
# %% partial | two customers at once: running sums on self, keyed by nothing, shared by customers; started in state
class Budget(TurnLimits):
    total = (0, 0)
    def before_agent(self, state, runtime):
        self.total = (0, 0)
        return {"started": time.monotonic()}
    def after_model(self, state, runtime):
        s, w = used(state["messages"][-1:])
        self.total = (self.total[0] + s, self.total[1] + w)
    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        s, w = self.total
        if s + w >= self.tokens or dollars(s, w) >= self.dollars or time.monotonic() - state["started"] >= self.seconds:
            return {"jump_to": "end", "messages": [AIMessage("Stop.")]}
# %% partial | time; parts of a second: a third of the time
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        messages = state["messages"]
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        sent, written = used(messages[asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds / 3
        ):
            return {"jump_to": "end", "messages": [AIMessage("I stop here, this has become too much.")]}
# %% passed: the limits in pairs
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        turn = []
        for message in reversed(state["messages"]):
            if message.type == "human":
                break
            turn.append(message)
        sent, written = used(turn)
        limits = ((sent + written, self.tokens), (dollars(sent, written), self.dollars), (time.monotonic() - state["started"], self.seconds))
        if any(got >= most for got, most in limits):
            return {"jump_to": "end", "messages": [AIMessage("Too much.")]}
        return None
# %% refused: whole seconds
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": int(time.monotonic())}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        last = max(i for i, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][last:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or int(time.monotonic()) - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("I must stop here.")]}
# %% refused: rounds up what has passed
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        last = max(i for i, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][last:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or -(-(time.monotonic() - state["started"]) // 1) >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("I must stop here.")]}
# %% refused: the clock begins where none runs, and only a stop ends it
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return None if state.get("started") else {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")], "started": 0.0}
# %% refused: a turn that ends well or is stopped sets the clock back
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return None if state.get("started") else {"started": time.monotonic()}

    def after_agent(self, state, runtime):
        return {"started": 0.0}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | two customers at once: the beginning on `self`, which everybody shares
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        self.started = time.monotonic()

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        last = max(i for i, m in enumerate(state["messages"]) if m.type == "human")
        sent, written = used(state["messages"][last:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - self.started >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Stop.")]}
# %% partial | tokens; money; two customers at once: takes the last request for all that was sent
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        turn = state["messages"][asked:]
        written = used(turn)[1]
        sent = next((used([m])[0] for m in reversed(turn) if m.type == "ai"), 0)
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
# %% partial | money: counts the dollars over the whole thread
class Budget(TurnLimits):
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        if (
            sum(used(state["messages"][asked:])) >= self.tokens
            or dollars(*used(state["messages"])) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            return {"jump_to": "end", "messages": [AIMessage("Enough.")]}
