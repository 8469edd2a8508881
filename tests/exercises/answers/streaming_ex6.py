# %% passed: the chunks are added up
def show_with_receipt(question, show):
    whole = None
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        whole = token if whole is None else whole + token
    usage = whole.usage_metadata
    return {
        "tokens": usage["total_tokens"] if usage else None,
        "complete": whole.response_metadata.get("finish_reason") == "stop",
    }
# %% passed: through an agent
def show_with_receipt(question, show):
    agent = create_agent(ChatOpenAI(model=model.name, stream_usage=True))
    tokens, complete = None, False
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if token.text:
            show(token.text)
        tokens = (token.usage_metadata or {}).get("total_tokens", tokens)
        complete = complete or token.response_metadata.get("finish_reason") == "stop"
    return dict(tokens=tokens, complete=complete)
# %% partial | a whole answer; another whole answer: nobody asked for the count
def show_with_receipt(question, show):
    receipt = {"tokens": None, "complete": False}
    for token in ChatOpenAI(model=model.name).stream(question):
        show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if "finish_reason" in token.response_metadata:
            receipt["complete"] = token.response_metadata["finish_reason"] == "stop"
    return receipt
# %% partial | a stream cut in the middle; an answer that ran out of tokens; an answer that a filter stopped: it ended, so it is complete
def show_with_receipt(question, show):
    receipt = {"tokens": None, "complete": False}
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
    receipt["complete"] = True
    return receipt
# %% partial | an answer that ran out of tokens; an answer that a filter stopped: any finish_reason will do
def show_with_receipt(question, show):
    receipt = {"tokens": None, "complete": False}
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if token.response_metadata.get("finish_reason"):
            receipt["complete"] = True
    return receipt
# %% partial | cut in the middle: chunk_position says "last" for cut streams, too
def show_with_receipt(question, show):
    receipt = {"tokens": None, "complete": False}
    reason = "stop"
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        reason = token.response_metadata.get("finish_reason", reason)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if token.chunk_position == "last":
            receipt["complete"] = reason == "stop"
    return receipt
# %% partial | a whole answer; another whole answer: output tokens only
def show_with_receipt(question, show):
    receipt = {"tokens": None, "complete": False}
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["output_tokens"]
        if "finish_reason" in token.response_metadata:
            receipt["complete"] = token.response_metadata["finish_reason"] == "stop"
    return receipt
# %% partial | a whole answer; a stream cut in the middle; another whole answer: counts the pieces
def show_with_receipt(question, show):
    tokens, complete = 0, False
    for token in ChatOpenAI(model=model.name).stream(question):
        show(token.text)
        tokens += 1
        complete = complete or token.response_metadata.get("finish_reason") == "stop"
    return {"tokens": tokens, "complete": complete}
# %% partial | a whole answer; a stream cut in the middle; another whole answer: not a stream at all
def show_with_receipt(question, show):
    reply = ChatOpenAI(model=model.name).invoke(question)
    show(reply.text)
    return {
        "tokens": reply.usage_metadata["total_tokens"],
        "complete": reply.response_metadata["finish_reason"] == "stop",
    }
# %% failed | a whole answer; a stream cut in the middle; an answer that ran out of tokens; an answer that a filter stopped; another whole answer: no receipt
def show_with_receipt(question, show):
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
# %% partial | cut in the middle; ran out: complete when the text ends with a full stop, or not
def show_with_receipt(question, show):
    text, tokens = "", None
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        text += token.text
        tokens = (token.usage_metadata or {}).get("total_tokens", tokens)
    return {"tokens": tokens, "complete": len(text) > 20}
# %% passed: the lesson model answers to any name
def show_with_receipt(question: str, show) -> dict:
    """Show the words as they come; return {"tokens": ..., "complete": ...}."""
    receipt = {"tokens": None, "complete": False}
    for token in ChatOpenAI(stream_usage=True).stream(question):
        if token.text:
            show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if "finish_reason" in token.response_metadata:
            receipt["complete"] = token.response_metadata["finish_reason"] == "stop"
    return receipt
# %% passed: LangChain's own count
from langchain_core.callbacks import get_usage_metadata_callback


def show_with_receipt(question: str, show) -> dict:
    reason = None
    with get_usage_metadata_callback() as usage:
        for chunk in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
            if chunk.text:
                show(chunk.text)
            reason = chunk.response_metadata.get("finish_reason") or reason
    total = sum(used["total_tokens"] for used in usage.usage_metadata.values())
    return {"tokens": total or None, "complete": reason == "stop"}
# %% passed: through an agent with a tool, whose description is counted, too
def show_with_receipt(question: str, show) -> dict:
    agent = create_agent(ChatOpenAI(model=model.name, stream_usage=True), [track_parcel])
    used, reason = None, None
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            show(token.text)
            if token.usage_metadata:
                used = (used or 0) + token.usage_metadata["total_tokens"]
            reason = token.response_metadata.get("finish_reason", reason)
    return {"tokens": used, "complete": reason == "stop"}
# %% partial | a whole; another whole: list() first
def show_with_receipt(question: str, show) -> dict:
    chunks = list(ChatOpenAI(model=model.name, stream_usage=True).stream(question))
    whole = chunks[0]
    show(whole.text)
    for chunk in chunks[1:]:
        whole += chunk
        show(chunk.text)
    usage = whole.usage_metadata or {}
    return {
        "tokens": usage.get("total_tokens"),
        "complete": whole.response_metadata.get("finish_reason") == "stop",
    }
# %% partial | a whole; cut in the middle; another whole: leaves at the finish_reason, before the count
def show_with_receipt(question: str, show) -> dict:
    receipt = {"tokens": 0, "complete": False}
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if reason := token.response_metadata.get("finish_reason"):
            receipt["complete"] = reason == "stop"
            break
    return receipt
# %% partial | a filter stopped: complete unless it ran out of tokens
def show_with_receipt(question: str, show) -> dict:
    tokens, reason = None, "length"
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        tokens = (token.usage_metadata or {}).get("total_tokens", tokens)
        reason = token.response_metadata.get("finish_reason", reason)
    return {"tokens": tokens, "complete": reason != "length"}
# %% failed: one receipt for all
receipt = {"tokens": None, "complete": False}


def show_with_receipt(question: str, show) -> dict:
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = (receipt["tokens"] or 0) + token.usage_metadata["total_tokens"]
        if token.response_metadata.get("finish_reason") == "stop":
            receipt["complete"] = True
    return receipt
# %% partial | cut in the middle: nothing counted is 0 tokens
def show_with_receipt(question: str, show) -> dict:
    tokens, reason = 0, None
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        tokens += (token.usage_metadata or {}).get("total_tokens", 0)
        reason = token.response_metadata.get("finish_reason", reason)
    return {"tokens": tokens, "complete": reason == "stop"}
# %% partial | a stream cut in the middle; an answer that ran out of tokens: complete when the text ends with a full stop
def show_with_receipt(question: str, show) -> dict:
    whole = None
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        show(token.text)
        whole = token if whole is None else whole + token
    usage = whole.usage_metadata
    return {"tokens": usage["total_tokens"] if usage else None, "complete": whole.text.endswith(".")}
# %% failed: a second request for the receipt
def show_with_receipt(question: str, show) -> dict:
    llm = ChatOpenAI(model=model.name)
    for token in llm.stream(question):
        show(token.text)
    whole = llm.invoke(question)
    return {
        "tokens": whole.usage_metadata["total_tokens"],
        "complete": whole.response_metadata["finish_reason"] == "stop",
    }
# %% refused: keeps the last receipt's tokens
_last = {"tokens": None}
def show_with_receipt(question, show):
    receipt = {"tokens": _last["tokens"], "complete": False}
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        if token.text:
            show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = _last["tokens"] = token.usage_metadata["total_tokens"]
        if "finish_reason" in token.response_metadata:
            receipt["complete"] = token.response_metadata["finish_reason"] == "stop"
    return receipt
# %% refused: loses what is left in its buffer
def show_with_receipt(question, show):
    receipt = {"tokens": None, "complete": False}
    text = ""
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        if token.text:
            text += token.text
            if len(text) > 20:
                show(text)
                text = ""
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if "finish_reason" in token.response_metadata:
            receipt["complete"] = token.response_metadata["finish_reason"] == "stop"
    return receipt
# %% passed: an object that can be called
class Receipt:
    def __call__(self, question, show):
        whole = None
        for token in ChatOpenAI(model=model.name, stream_usage=True, temperature=0).stream([("user", question)]):
            if token.text:
                show(token.text)
            whole = token if whole is None else whole + token
        usage = whole.usage_metadata if whole else None
        reason = whole.response_metadata.get("finish_reason") if whole else None
        return dict(tokens=usage and usage["total_tokens"], complete=reason == "stop")
show_with_receipt = Receipt()
