"""One request in, one answer out: routes, keys, faults, the log. Knows nothing of sockets."""

from __future__ import annotations

import dataclasses
import json
import traceback

from lesson_model.answer import Answer, HttpProblem, Stream
from lesson_model.api import chat, responses
from lesson_model.api.chat_request import check_chat
from lesson_model.api.embeddings import answer_embeddings
from lesson_model.api.errors import ApiError, bad_key, invalid, unknown_url
from lesson_model.api.fault_injection import error_for, spoil
from lesson_model.api.responses_request import to_chat
from lesson_model.api.tokens import count_reply_tokens, tokenize
from lesson_model.behaviour.decide import decide
from lesson_model.behaviour.turn import text_of
from lesson_model.log import Request
from lesson_model.reply import Reply
from lesson_model.state import State

__all__ = ("answer_request",)

CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
MODELS = "/v1/models"
CONTROL = "/_lesson/"  # for child processes and browser tests: fail, reset, requests
HEADERS = {
    "openai-organization": "org-lesson",
    "openai-processing-ms": "7",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "5000",
    "x-ratelimit-remaining-requests": "4999",
    "x-ratelimit-reset-requests": "12ms",
    "x-ratelimit-limit-tokens": "450000",
    "x-ratelimit-remaining-tokens": "449900",
    "x-ratelimit-reset-tokens": "13ms",
}


def answer_request(model, request: Request, state: State, problem: HttpProblem | None) -> Answer:
    """Answer a request; whatever goes wrong is an answer too.

    Args:
        model: The lesson model, for its name and the control requests of child processes.
        request: The request.
        state: The state the request came to.
        problem: What kept the request from being read.
    """
    if request.path.startswith(CONTROL):
        return obey_control(request, model)
    state.log.add(request)
    stamp, failure = state.ids.stamp(request.path.encode() + request.raw), None
    try:
        if problem:
            raise ApiError(problem.status, problem.message)
        result = route(request, model.name, state)
    except ApiError as error:
        failure = error
    except Exception as error:
        request.traceback = traceback.format_exc()
        message = (
            f"The lesson model itself broke ({type(error).__name__}: {error}). Your request may "
            "well be right: report it with the traceback in model.requests[-1].traceback."
        )
        again = {"x-should-retry": "false"}  # to OpenAI's packages: it would break again
        failure = ApiError(500, message, "lesson_model_error", headers=again)
    if failure:
        result = Answer(failure.status, failure.body(), failure.headers)
    result.headers = {"x-request-id": f"req_{stamp}", **HEADERS, **result.headers}
    if failure:
        state.log.note_refusal(request, failure.status, failure.code, failure.retry_after)
    else:
        state.log.note_answer(request, result.status)
    return result


def route(request: Request, name: str, state: State) -> Answer:
    """Answer a request that is right; anything else raises an ApiError."""
    if not request.key.startswith("sk-"):
        raise bad_key(request.key)
    path, method = request.path.rstrip("/"), request.method
    needed = "POST" if path in (CHAT, RESPONSES, EMBEDDINGS) else "GET"
    if needed == "GET" and path != MODELS and not path.startswith(f"{MODELS}/"):
        raise unknown_url(method, request.path)
    if method != needed:
        message = f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a "
        message += "different HTTP method?)"
        raise ApiError(405, message, code="method_not_supported", headers={"allow": needed})
    if needed == "GET":
        return Answer(200, list_models(path[len(MODELS) + 1 :], name))
    body = parse_object(request.raw)
    if path == EMBEDDINGS:
        return Answer(200, answer_embeddings(body))
    asked = body if path == CHAT else to_chat(body, state.recall)
    check_chat(asked, state.context_window)
    said = (text_of(m.get("content")) for m in asked["messages"] if m["role"] == "assistant")
    state.log.look_for_truncated(request, said)
    fault = state.faults.take(request.number)
    if fault:
        request.fault = fault.word
        if error := error_for(fault, asked["model"]):
            raise error
    reply = decide(asked, state.rules)
    reply = chat.finish_reply(spoil(reply, fault) if fault else reply, asked)
    # The tools are left out of the ids: their schemas change with library versions.
    stamp = state.ids.stamp(json.dumps([asked["model"], asked["messages"]]).encode())
    if path == CHAT:
        words = (chat.stream if body.get("stream") else chat.completion)(reply, body, stamp)
    else:
        remember(reply, body, asked, stamp, state)
        word = responses.stream if body.get("stream") else responses.response
        words = word(reply, body, asked, stamp)
    if fault and fault.word == "truncate" and isinstance(words, Stream):
        state.log.note_truncated("".join(tokenize(reply.text)[: fault.after]))
    return Answer(200, words, tokens=count_reply_tokens(reply), fault=fault)


def remember(reply: Reply, body: dict, asked: dict, stamp: str, state: State) -> None:
    """Store a response, unless told not to, without its instructions: they hold for it alone."""
    if body.get("store") is not False:
        history = asked["messages"][1 if body.get("instructions") else 0 :]
        state.remember(f"resp_{stamp}", [*history, responses.assistant_message(reply, stamp)])


def list_models(wanted: str, name: str) -> bytes:
    """Return the list of models, or one: any name is a model here."""
    known = [wanted] if wanted else [name, "gpt-4o-mini", "text-embedding-3-small"]
    data = [
        {"id": model, "object": "model", "created": chat.CREATED, "owned_by": "lesson"}
        for model in dict.fromkeys(known)
    ]
    return json.dumps(data[0] if wanted else {"object": "list", "data": data}).encode()


def parse_object(raw: bytes) -> dict:
    """Return the JSON object a body holds."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise invalid(
            "We could not parse the JSON body of your request. (HINT: This likely means you "
            "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, "
            "but what was sent was not valid JSON.)"
        )
    return body


def obey_control(request: Request, model) -> Answer:
    """Answer a control request of another process: set a fault, reset, read the log."""
    command = (request.method, request.path[len(CONTROL) :])
    try:
        if command == ("GET", "requests"):
            log = [logged_fields(entry) for entry in model.requests]
            return Answer(200, json.dumps(log).encode())
        if command == ("POST", "fail"):
            model.fail(**parse_object(request.raw))
        elif command == ("POST", "reset"):
            model.reset()
        else:
            raise unknown_url(request.method, request.path)
    except (TypeError, ValueError) as error:
        return Answer(400, invalid(str(error)).body())
    except ApiError as error:
        return Answer(error.status, error.body())
    return Answer(200, b"{}")


def logged_fields(request: Request) -> dict:
    """Return a request of the log as JSON has it."""
    fields = dataclasses.asdict(request)
    del fields["raw"], fields["key"]
    return {**fields, "body": request.body, "stream": request.stream}
