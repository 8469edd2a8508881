"""A node that calls a tool's function itself, in a graph that is made when the module is imported.

Annotations are no strings here: of strings the parameter is not seen to be hidden from the model.
"""

from typing import Annotated

from langchain_core.messages import ToolMessage
from langchain_core.tools import InjectedToolArg
from langgraph.graph import END, START, MessagesState, StateGraph
from sound import model


async def upsert_memory(content: str, *, user_id: Annotated[str, InjectedToolArg]) -> str:
    """Keep something in mind."""
    return f"Stored {content}."


llm = model().bind_tools([upsert_memory])


async def call_model(state: MessagesState):
    """Ask the model."""
    return {"messages": [await llm.ainvoke(state["messages"])]}


async def store_memory(state: MessagesState):
    """Run all calls, without looking at their names, and without a bound."""
    calls = state["messages"][-1].tool_calls
    results = [await upsert_memory(**call["args"], user_id="u") for call in calls]
    pairs = zip(results, calls, strict=True)
    return {"messages": [ToolMessage(text, tool_call_id=call["id"]) for text, call in pairs]}


graph = StateGraph(MessagesState).add_node(call_model).add_node(store_memory)
graph.add_edge(START, "call_model").add_edge("store_memory", "call_model")
graph.add_conditional_edges(
    "call_model",
    lambda state: "store_memory" if state["messages"][-1].tool_calls else END,
    ["store_memory", END],
)
graph = graph.compile()
