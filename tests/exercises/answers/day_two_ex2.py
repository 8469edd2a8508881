# %% passed: asks the metadata of nothing, but the state of both
def migrate(old, new, config):
    now = new.get_state(config)
    if now.next:
        return
    if "approved_cents" in now.values:
        return
    was = old.get_state(config)
    euros = was.values.get("approved") or 0
    new.update_state(config, {"approved_cents": 100 * euros}, as_node="agent")
    if new.get_state(config).next:
        new.invoke(None, config)

# %% passed: streams up to the question
def migrate(old, new, config):
    was = old.get_state(config)
    if new.get_state(config).next or "approved_cents" in new.get_state(config).values:
        return
    values = {"approved_cents": was.values.get("approved", 0) * 100}
    moved = new.update_state(config, values, as_node="agent")
    if "approve" in was.next:
        for _ in new.stream(None, config):
            pass

# %% refused: a missing account is a KeyError
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    new.update_state(config, {"approved_cents": before.values["approved"] * 100}, as_node="agent")
    if before.next:
        new.invoke(None, config)

# %% refused: forgets that the script may run twice
def migrate(old, new, config):
    before = old.get_state(config)
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        new.invoke(None, config)

# %% refused: remembers in a variable what it has migrated
migrated_threads = set()


def migrate(old, new, config):
    name = config["configurable"]["thread_id"]
    if name in migrated_threads or new.get_state(config).next:
        return
    migrated_threads.add(name)
    before = old.get_state(config)
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        new.invoke(None, config)

# %% refused: as if the tools had run
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="tools")
    if before.next:
        new.invoke(None, config)

# %% refused: as if the gate had run
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="ask_owner")
    if before.next:
        new.invoke(None, config)

# %% refused: back to the start
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="__start__")
    if before.next:
        new.invoke(None, config)

# %% refused: the question is not asked again
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")

# %% refused: always goes on, also with what was finished
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    messages = before.values["messages"]
    new.invoke({"messages": messages, "approved_cents": before.values.get("approved", 0) * 100}, config)

# %% refused: euros stay euros
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    new.update_state(config, {"approved_cents": before.values.get("approved", 0)}, as_node="agent")
    if before.next:
        new.invoke(None, config)

# %% partial | errors come out: one bad thread must not stop the script
def migrate(old, new, config):
    try:
        before, now = old.get_state(config), new.get_state(config)
        if now.next or "approved_cents" in now.values:
            return
        cents = before.values.get("approved", 0) * 100
        new.update_state(config, {"approved_cents": cents}, as_node="agent")
        if before.next:
            new.invoke(None, config)
    except Exception:
        pass

# %% partial | threads that version 2 has begun: does not know version 2's waiting threads
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        new.invoke(None, config)

# %% refused: approves on the owner's behalf, the mail was sent on Friday
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        new.invoke(None, config)
        new.invoke(Command(resume="yes"), config)

# %% refused: writes the messages once more
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    last = before.values["messages"][-1].model_copy(update={"id": "migrated"})
    values = {"approved_cents": before.values.get("approved", 0) * 100, "messages": [last]}
    new.update_state(config, values, as_node="agent")
    if before.next:
        new.invoke(None, config)

# %% passed: without `as_node`, for the agent was the last to write in either case
def migrate(old, new, config: dict) -> None:
    was, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = was.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents})
    if was.next:
        new.invoke(None, config)
# %% partial | the script runs twice: an account of zero cents is none
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.values.get("approved_cents") or (now.next and "approved_cents" not in now.values):
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        new.invoke(None, config)
# %% partial | errors come out: a question that cannot be asked is not the migration's business
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        try:
            new.invoke(None, config)
        except Exception:
            pass
# %% passed: goes on up to the first part of the stream
def migrate(old, new, config):
    before, now = old.get_state(config), new.get_state(config)
    if now.next or "approved_cents" in now.values:
        return
    cents = before.values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if before.next:
        for _ in new.stream(None, config):
            break
# %% partial | threads that version 2 has begun: goes by the questions that wait
def migrate(old, new, config):
    now = new.get_state(config)
    if "approved_cents" in now.values or now.interrupts:
        return
    cents = old.get_state(config).values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if new.get_state(config).next:
        new.invoke(None, config)
# %% partial | threads that version 2 has begun: knows the new gate alone
def migrate(old, new, config):
    now = new.get_state(config)
    if "approved_cents" in now.values or "ask_owner" in now.next:
        return
    cents = old.get_state(config).values.get("approved", 0) * 100
    new.update_state(config, {"approved_cents": cents}, as_node="agent")
    if new.get_state(config).next:
        new.invoke(None, config)
