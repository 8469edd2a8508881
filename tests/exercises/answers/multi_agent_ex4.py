# %% passed: tells by the class
def careful(look_up):
    def node(order):
        try:
            note = look_up(order)
        except Exception as error:
            if isinstance(error, GraphBubbleUp):
                raise
            note = f"{order}: not known at the moment"
        return {"notes": [note]}
    return node
# %% passed: the other way round
def careful(look_up):
    from langgraph.errors import GraphInterrupt

    def node(order):
        note = None
        try:
            note = look_up(order)
        except GraphInterrupt:
            raise
        except Exception:
            pass
        return {"notes": [note or f"We do not know about {order} yet."]}

    return node
# %% passed: a node made with partial
def careful(look_up):
    from functools import partial

    def node(look_up, order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {order} is not known."]}

    return partial(node, look_up)
# %% partial | one fails: catches only what the lesson showed
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except ConnectionError:
            return {"notes": [f"Order {order} could not be looked up."]}
    return node
# %% partial | a worker that asks: catches everything
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except Exception:
            return {"notes": [f"Order {order} could not be looked up."]}
    return node
# %% partial | a worker that asks: a bare except
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except:
            return {"notes": [f"Order {order} could not be looked up."]}
    return node
# %% partial | one fails: the exception's own words
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception as error:
            return {"notes": [f"Order {order}: {error}"]}
    return node
# %% partial | one fails: does not say which
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": ["One order could not be looked up."]}
    return node
# %% partial | one fails: leaves it out
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": []}
    return node
# %% partial | one fails: no try at all
def careful(look_up):
    return lambda order: {"notes": [look_up(order)]}
# %% failed: the note instead of a list
def careful(look_up):
    def node(order):
        try:
            return {"notes": look_up(order)}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": f"Order {order} could not be looked up."}
    return node
# %% failed: the try is around the definition
def careful(look_up):
    try:
        def node(order):
            look_up(order)
        return node
    except Exception:
        return None
# %% failed: looks up at once
def careful(look_up):
    try:
        return {"notes": [look_up(order)]}
    except GraphBubbleUp:
        raise
# %% failed: forgets to return the node
def careful(look_up):
    def node(order):
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {order} could not be looked up."]}
