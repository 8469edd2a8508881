# %% passed: a key with the tool's name in it, one return
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room."""
    context, said = runtime.context, runtime.state["messages"][-1]
    key = "cancel/" + effect_key(context.thread, said.id, runtime.tool_call_id)
    await context.effect(key, "cancel_order", {"order": order})
    return f"{order} is cancelled, and will not be sent."


risk = {"cancel_order": "A tent that was sold stays here."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "Too late: it is on its way."
# %% partial | all for the same order: one cancellation an order is the key, whoever asks
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    await runtime.context.effect(f"cancel {order}", "cancel_order", dict(order=order))
    return "Done."


risk = dict(cancel_order="It cannot be undone.")


def refuse_cancel(args, waiting):
    order = args.get("order")
    if order in waiting:
        return None
    return f"{order} is not in the store room."
# %% passed: a guard first, and the tool under its own name
from langchain_core.tools import StructuredTool


async def cancel(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that has not been sent."""
    last = runtime.state["messages"][-1].id
    await runtime.context.effect(
        effect_key(runtime.context.thread, last, runtime.tool_call_id),
        "cancel_order",
        {"order": order},
    )
    return "The order is cancelled."


cancel_order = tool("cancel_order")(cancel)
risk = {"cancel_order": "The sale is off."}


def refuse_cancel(args, waiting):
    for order in waiting:
        if order == args.get("order"):
            return
    return "No such order waits here."
# %% passed: falls off the end for None
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    message = runtime.state["messages"][-1]
    key = effect_key(runtime.context.thread, message.id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get this order."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    if args.get("order") not in waiting:
        return f"Order {args.get('order')} has left the store room."
    pass
# %% passed: message and thread the other way round
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    message = runtime.state["messages"][-1]
    key = effect_key(message.id, runtime.context.thread, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get this order."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    if args.get("order") not in waiting:
        return f"Order {args.get('order')} has left the store room."
    return None
# %% passed: the message before says as well which turn it is
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    message = runtime.state["messages"][-2]
    key = effect_key(runtime.context.thread, message.id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get this order."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    if args.get("order") not in waiting:
        return f"Order {args.get('order')} has left the store room."
    return None
# %% partial | two calls in one message, a third in the next turn; all for the same order: the first message of the thread is always the same
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    message = runtime.state["messages"][0]
    key = effect_key(runtime.context.thread, message.id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get this order."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    if args.get("order") not in waiting:
        return f"Order {args.get('order')} has left the store room."
    return None
# %% partial | the process dies: a new key each time
import uuid


@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    await runtime.context.effect(str(uuid.uuid4()), "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | two calls in one message, a third in the next turn; all for the same order: one key for the thread
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    await runtime.context.effect(runtime.context.thread, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | two calls in one message, a third in the next turn; all for the same order: one key for the message
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = f"{runtime.context.thread}/{runtime.state['messages'][-1].id}"
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | a yes is one effect; two calls in one message, a third in the next turn; all for the same order; the process dies: says that it is done, and writes nothing down
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | a yes is one effect; two calls in one message, a third in the next turn; all for the same order; the process dies: forgets to await
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    runtime.context.effect(key, "cancel_order", {"order": order}).close()
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | the process dies: apologizes for whatever goes wrong
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    try:
        await runtime.context.effect(key, "cancel_order", {"order": order})
    except Exception:
        return "Sorry, that did not work."
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | the policy; an order that has left; an edit to an order that has left: True means that it may run
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None
# %% partial | the policy: the order of the lesson alone
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return "It has left." if args.get("order") == "T-7" else None
# %% failed: no word for the person who decides
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% failed: the risk of another tool
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"refund": "Money leaves the shop."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | a yes is one effect; two calls in one message, a third in the next turn; all for the same order; the process dies: asks the runtime for the thread
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order."""
    key = effect_key(runtime.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer does not get it."}


def refuse_cancel(args, waiting):
    return None if args.get("order") in waiting else "It has left."
# %% partial | all for the same order: the key is the order
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    await runtime.context.effect(f"cancel-{order}", "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer gets nothing."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    return None if args.get("order") in waiting else "Not in the store room."
# %% partial | all for the same order: the key is thread and order
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    context = runtime.context
    await context.effect(f"{context.thread} {order}", "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer gets nothing."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    return None if args.get("order") in waiting else "Not in the store room."
# %% partial | the policy: a call without an order may run
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    context = runtime.context
    key = effect_key(context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer gets nothing."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    order = args.get("order")
    if order and order not in waiting:
        return "This order has left the store room."
    return None
# %% partial | the policy: a call without an order is a KeyError
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    context = runtime.context
    key = effect_key(context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer gets nothing."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    return None if args["order"] in waiting else "Not in the store room."
# %% partial | the policy: a part of an order that waits is enough
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    key = effect_key(runtime.context.thread, runtime.state["messages"][-1].id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"{order} was cancelled."


risk = {"cancel_order": "It will not be sent."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    text = str(args.get("order") or "none")
    return None if any(text in one for one in waiting) else "No."
# %% passed: the parts of the key in another order
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    message = runtime.state["messages"][-1]
    key = effect_key(message.id, runtime.context.thread, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."
risk = {"cancel_order": "The customer does not get this order."}

def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    order = args.get("order")
    return None if order in waiting else f"Order {order} does not wait in the store room."
# %% passed: the key has the message of the customer, which is another one in each turn
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    message = runtime.state["messages"][-2]
    key = effect_key(runtime.context.thread, message.id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."
risk = {"cancel_order": "The customer does not get this order."}

def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    order = args.get("order")
    return None if order in waiting else f"Order {order} does not wait in the store room."
# %% partial | the process dies: the run is in the key
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    context = runtime.context
    key = effect_key(
        f"{context.thread}/{context.run}", runtime.state["messages"][-1].id, runtime.tool_call_id
    )
    await context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer gets nothing."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    return None if args.get("order") in waiting else "Not in the store room."
# %% partial | the process dies: the run says which turn it is
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    context = runtime.context
    await context.effect(
        f"{context.run} {runtime.tool_call_id}", "cancel_order", {"order": order}
    )
    return f"Order {order} is cancelled."


risk = {"cancel_order": "The customer gets nothing."}


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    return None if args.get("order") in waiting else "Not in the store room."
