"""What is claimed of an agent: one line each, with what is done to it and the cure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("CLAIMS", "Claim", "PASS", "FAIL", "NOT_APPLICABLE", "COULD_NOT_JUDGE", "ACCEPTED")

PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not_applicable"
COULD_NOT_JUDGE, ACCEPTED = "could_not_judge", "accepted"


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        name: Its group and its own name.
        promise: What holds when it passes.
        done: What is done to the agent.
        cure: One way to mend it.
        lesson: Of the course.
        level: "graph"; "turn": only a server's turn can be red; "declared": red only where
            pyproject promises it.
    """

    name: str
    promise: str
    done: str
    cure: str
    lesson: int
    level: str = "graph"


def _claims() -> tuple[Claim, ...]:
    turn, declared = "turn", "declared"
    return (
        Claim("streaming.first_word", "Words arrive while the model still writes.",
              "The model writes slowly; the stream is read.",
              "Call the model in a node with its usual client, and pass on each chunk.", 1),
        Claim("streaming.leave", "When the user leaves, the model stops writing.",
              "The reader leaves after the first word.",
              "Use async nodes (`await llm.ainvoke`), and do not shield them.", 1),
        Claim("streaming.left_thread", "A conversation that was left goes on.",
              "After leaving, the user says hello.",
              "Answer what is open before the model is asked again.", 1),
        Claim("streaming.torn", "An answer that broke off is not taken for whole.",
              "The stream ends in the middle, as if it were whole.",
              "Treat an answer without a finish_reason as an error.", 1, declared),
        Claim("persistence.restart", "A conversation outlives the process.",
              "A second process asks on the same thread.",
              "Keep the conversation in a checkpointer that writes to disk or a database.", 2),
        Claim("persistence.isolation", "One thread never sees another thread's words.",
              "A secret is said on one thread; another user asks elsewhere, and says the same.",
              "Keep nothing about a conversation in module globals, nor in a cache that knows only "
              "the words; name the user in the Store's namespace, in each search of it, too.", 2),
        Claim("persistence.no_thread", "A run that names no thread is refused.",
              "A run without a thread_id.",
              "Remove the default thread_id; let the caller name the thread.", 2),
        Claim("approval.asked", "A risky call waits for a person.",
              "The model calls the risky tool.",
              "Interrupt before the tool runs, and let GraphInterrupt through every except.", 3),
        Claim("approval.shown", "The person sees what they approve.",
              "The arguments are looked for in the interrupt.",
              "Put the tool's name and all arguments into the interrupt's value.", 3),
        Claim("approval.once", "An approved call runs once, with what was shown.",
              "The call is approved.",
              "Do nothing with an effect before `interrupt` in the same node.", 3),
        Claim("approval.own_thread", "An approval runs the call of its own thread.",
              "Calls wait on two threads; the first is approved, and made again on a third.",
              "Keep what waits in the graph's state, not in a global, and no yes for later calls.",
              3),
        Claim("approval.again", "Each risky call is asked about anew.",
              "After an approval a second risky call follows on the same thread, then once more.",
              "Derive the question from the call, not from an earlier decision.", 3),
        Claim("approval.parallel", "Of two calls in one message, only what is approved runs.",
              "Two risky calls come in one message; one is approved, then the other one.",
              "Decide about every call in the message, each by its own answer.", 3),
        Claim("approval.behind_safe", "A risky call is asked about beside a harmless one, too.",
              "A harmless and a risky call come in one message, in both orders.",
              "Look at all tool calls of the message.", 3),
        Claim("approval.two_approved", "Two approved calls run once each.",
              "Two risky calls come in one message; both are approved.",
              "A node runs again from its start when it is resumed: keep effects behind the last "
              "`interrupt`, or in a node of their own.", 3),
        Claim("approval.amounts", "Whether a person is asked does not depend on the arguments.",
              "The same call with other values.",
              "Gate the tool, not the amount; or declare the policy.", 3),
        Claim("approval.injection", "What a tool returns cannot start a risky call unasked.",
              "A harmless call's result is followed by a risky call.",
              "Gate every risky call, whoever asked for it.", 3),
        Claim("approval.drift", "What runs is what was shown.",
              "Asked again, the model would call with other values.",
              "Put the gate into a node of its own, behind the model's.", 3),
        Claim("approval.unclear", "Only a clear yes runs the call.",
              "The answer is neither yes nor no.",
              "Run on an explicit approval only; everything else is a no.", 3),
        Claim("approval.edit", "What runs is what the person made of the call.",
              "The person changes an argument; then to what the schema forbids, and says hello.",
              "Run the changed call in place of the proposed one, through the tool's own schema: "
              "`tool.invoke`, not its function.", 3),
        Claim("approval.lost_answer", "A risky call whose answer is lost is not tried again.",
              "The tool has its effect and then raises ConnectionError.",
              "Do not retry tools with effects, or give them an idempotency key.", 4),
        Claim("approval.at_once", "Two approvals at the same moment run the call once.",
              "The same approval is sent twice at once.",
              "Take a lock or claim the interrupt before you resume.", 3, turn),
        Claim("approval.talk_over", "A user who talks while a call waits breaks nothing.",
              "While a call waits, the user says something else.",
              "Answer the open call, or refuse the message, before the model is asked.", 3, turn),
        Claim("approval.crash", "A crash after the effect does not repeat it.",
              "The process dies after the call ran and before that was written down.",
              "Give the effect an idempotency key.", 2, turn),
        Claim("rejection.not_run", "A rejected call does not run.",
              "The call is rejected.", "Run on an explicit approval only.", 3),
        Claim("rejection.next", 'After a "no" the conversation goes on.',
              "The call is rejected, then the user says hello.",
              "Answer each rejected call with a ToolMessage.", 3),
        Claim("rejection.mixed", "After one yes and one no the conversation goes on.",
              "Of two calls one is approved and one rejected; then the user says hello.",
              "Answer each call with exactly one ToolMessage.", 3),
        Claim("retry.answers", "A model that says “wait a moment” is asked again.",
              "The model answers 429 once, with Retry-After.",
              "Leave the client's max_retries at 2 or more.", 4),
        Claim("retry.waits", "Retry-After is respected.",
              "The model says how long to wait.",
              "Leave the waiting to the client, which reads Retry-After.", 4),
        Claim("retry.storm", "Only one layer tries again.",
              "The model is down.",
              "Retry in the client or in the graph, not in both.", 4),
        Claim("retry.refused", "A request that is wrong is not sent again.",
              "The model refuses the request with 400.",
              "Retry only what can get better: 429, 5xx, timeouts.", 4),
        Claim("fallback.answers", "When the model is down, another one answers.",
              "The first model is down.",
              "Test the fallback: `llm.with_fallbacks([...])`, outside of every retry.", 4),
        Claim("fallback.tools", "The second model is offered the same tools.",
              "The first model is down; the second one's request is read.",
              "Bind the tools to both models.", 4),
        Claim("timeouts.read", "A silent model is given up.",
              "The model says nothing.",
              "Give the client a timeout: `ChatOpenAI(timeout=30)`.", 4),
        Claim("timeouts.tool", "A tool that hangs is given up.",
              "A tool does not come back.",
              "Bound tools in time.", 4, declared),
        Claim("errors.tool", "A tool that fails does not end the conversation.",
              "A tool, called twice in one message, raises; then the user says hello.",
              "`ToolNode(..., handle_tool_errors=...)`, or a middleware's `wrap_tool_call`.", 4),
        Claim("errors.tool_text", "A tool's error text does not reach the user.",
              "A tool raises an error with internal details.",
              "Return a neutral sentence, and log the details.", 4),
        Claim("errors.model", "A model that fails does not end the conversation.",
              "The model is down for a turn; then the user says hello.",
              "Leave the thread as it was, or end the turn with a sentence.", 4),
        Claim("errors.model_text", "The model's error text does not reach the user.",
              "The key is wrong, the request too long, the model down, busy, cut off.",
              "Say a neutral sentence with a reference, and log the details.", 4),
        Claim("errors.traced", "A failure leaves a trace.",
              "The model refuses the request; what is raised and logged is looked at.",
              "Log with `log.exception` where you catch, or let it through.", 4),
        Claim("limits.loop", "A model in a loop is stopped.",
              "The model calls the same tool for ever; it routes to the same worker for ever.",
              "Count the calls of a turn, or set recursion_limit; where messages are cut, keep "
              "each result with its call.", 5),
        Claim("limits.next", "After a loop the conversation goes on.",
              "After the loop the user says hello.",
              "Stop in words before the limit: `remaining_steps`.", 5),
        Claim("limits.fan_out", "Sixty calls in one message do not all run.",
              "The model asks for sixty calls in one message.",
              "Bound the calls of a message.", 5, declared),
        Claim("logging.private", "What the user wrote stands in no log.",
              "A card number is written, and put into a call; log records and fields are read.",
              "Log ids and lengths, not texts, and of a tool call its name and id.", 6),
        Claim("logging.secrets", "No key stands in a request, an answer or a log.",
              "Made-up keys of the environment are looked for in all of them.",
              "Read keys where the client is made, and keep them out of prompts, messages and "
              "logged settings.", 6),
        Claim("logging.thread", "A turn can be found in the log by its thread.",
              "The thread's id is looked for in the agent's own records.",
              "Log the thread's id with each turn.", 6, turn),
        Claim("loop.free", "While the model is silent, the event loop runs on.",
              "The model is silent; the event loop's heartbeat is measured.",
              "Await the model in async nodes; no `llm.invoke`, no `time.sleep` there.", 1),
        Claim("odd.arguments", "Broken arguments do not end the conversation.",
              "The model's call is not JSON; then the user says hello.",
              "Answer `invalid_tool_calls` too.", 4, declared),
        Claim("odd.unknown_tool", "A call to a tool that does not exist breaks nothing.",
              "The model calls a tool that was not offered; then the user says hello.",
              "Answer every call, known or not.", 4),
        Claim("odd.cut", "An answer cut by its length is not taken for whole.",
              "The answer ends with finish_reason “length”.",
              "Look at finish_reason.", 4, declared),
        Claim("odd.empty", "An empty answer becomes a word.",
              "The model says nothing at all.",
              "Replace an empty answer by a sentence.", 4, declared),
        Claim("tools.left", "A user who leaves while a tool runs breaks nothing.",
              "The reader leaves in a tool; then the user says hello.",
              "Answer open calls before the model is asked.", 1, turn),
        Claim("context.window", "A long conversation still gets an answer.",
              "Turns are added until the declared window is outgrown.",
              "Trim what is sent: `trim_messages(..., start_on='human')`.", 5, declared),
    )  # fmt: skip


CLAIMS: dict[str, Claim] = {claim.name: claim for claim in _claims()}
