# %% passed: with hasattr
def one_line(record):
    facts = {"level": record.levelname, "event": record.msg}
    for name in ALLOWED:
        if hasattr(record, name):
            facts[name] = getattr(record, name)
    if record.exc_info and record.exc_info[0]:
        facts["error"] = type(record.exc_info[1]).__name__
    return json.dumps(facts, default=repr if False else str)
# %% passed: ids made text by hand, sorted keys
def one_line(record):
    facts = {name: getattr(record, name) for name in ALLOWED if name in record.__dict__}
    if "run_id" in facts:
        facts["run_id"] = str(facts["run_id"])
    facts.update(level=record.levelname, event=str(record.msg))
    if record.exc_info is not None and record.exc_info[0] is not None:
        facts["error"] = record.exc_info[0].__name__
    return json.dumps(facts, sort_keys=True)
# %% passed: a line break at the end
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line.update((k, v) for k, v in vars(record).items() if k in ALLOWED)
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str) + "\n"
# %% partial | no secrets: fills in the arguments
def one_line(record):
    line = {"level": record.levelname, "event": record.getMessage()}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% partial | an exception: the exception's text
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = repr(record.exc_info[1])
    return json.dumps(line, default=str)
# %% partial | only what is there; an exception; no exception: fields that are not there become null, no error
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: getattr(record, name, None) for name in ALLOWED}
    return json.dumps(line, default=str)
# %% partial | the facts: ids are no JSON
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line)
# %% partial | only what is there; no secrets; no exception: a list of what is forbidden
def one_line(record):
    line = {k: v for k, v in vars(record).items() if k not in ("card", "token", "args", "exc_info")}
    line |= {"level": record.levelname, "event": record.msg}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% failed: words for people, no JSON
def one_line(record):
    return f"{record.levelname} {record.msg} " + " ".join(f"{n}={vars(record).get(n)}" for n in ALLOWED)
# %% failed: spread over lines
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str, indent=2)
# %% failed: prints
def one_line(record):
    print(json.dumps({"level": record.levelname, "event": record.msg}))
# %% passed: the level's name from its number
def one_line(record):
    line = {"level": logging.getLevelName(record.levelno), "event": record.msg}
    for name in ALLOWED:
        if name in record.__dict__:
            line[name] = record.__dict__[name]
    if record.exc_info and record.exc_info[0]:
        line["error"] = type(record.exc_info[1]).__name__
    return json.dumps(line, default=str)
# %% passed: an error that was logged as the event is replaced by its class
def one_line(record):
    event = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    fields = {k: v for k, v in record.__dict__.items() if k in set(ALLOWED)}
    if record.exc_info and record.exc_info[1]:
        fields["error"] = record.exc_info[1].__class__.__name__
    return json.dumps({"level": record.levelname, "event": event, **fields}, default=str)
# %% partial | the facts; only what is there: leaves out what is empty, and step 0 with it
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {n: vars(record)[n] for n in ALLOWED if vars(record).get(n)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% failed: takes the secrets out of the record itself
def one_line(record):
    fields = record.__dict__
    for name in ("args", "card", "state", "customer", "outputs", "user"):
        fields.pop(name, None)
    line = {"level": record.levelname, "event": record.msg}
    line |= {n: fields[n] for n in ALLOWED if n in fields}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% partial | only what is there; no exception: two levels only
def one_line(record):
    line = {"level": "ERROR" if record.exc_info and record.exc_info[0] else "INFO", "event": record.msg}
    line |= {n: vars(record)[n] for n in ALLOWED if n in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% partial | an exception: the traceback as well
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {n: vars(record)[n] for n in ALLOWED if n in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = logging.Formatter().formatException(record.exc_info)
    return json.dumps(line, default=str)
# %% passed: asks for the error itself, not for its class
def one_line(record: logging.LogRecord) -> str:
    """Return a record as one line of JSON that holds no secrets."""
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[1]:  # three times None where nothing was raised
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% partial | no exception: takes it that only an error sets exc_info
def one_line(record: logging.LogRecord) -> str:
    """Return a record as one line of JSON that holds no secrets."""
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% refused: half of the allowed fields
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    for name in ("thread_id", "run_id", "node", "step", "keys"):
        if name in vars(record):
            line[name] = vars(record)[name]
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% partial | an exception: the text of the cause
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
        line["cause"] = str(record.exc_info[1].__cause__)
    return json.dumps(line, default=str)
# %% refused: an error that is None
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    line["error"] = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
    return json.dumps(line, default=str)
# %% refused: every field as text
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: str(vars(record)[name]) for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line)
# %% refused: JSON by hand
def one_line(record: logging.LogRecord) -> str:
    parts = [f'"level": "{record.levelname}"', f'"event": "{record.msg}"']
    for field in ALLOWED:
        if hasattr(record, field):
            parts.append(f'"{field}": {json.dumps(getattr(record, field), default=str)}')
    if record.exc_info:
        parts.append(f'"error": "{record.exc_info[0].__name__}"')
    return "{" + ", ".join(parts) + "}"
# %% refused: JSON by hand, for the fields
def one_line(record: logging.LogRecord) -> str:
    line = f'{{"level": "{record.levelname}", "event": {json.dumps(record.msg)}'
    for name in ALLOWED:
        if hasattr(record, name):
            value = getattr(record, name)
            known = isinstance(value, (int, list)) or value is None
            line += f', "{name}": {json.dumps(value) if known else chr(34) + str(value) + chr(34)}'
    if record.exc_info and record.exc_info[0]:
        line += f', "error": "{record.exc_info[0].__name__}"'
    return line + "}"
# %% refused: a Formatter writes into the record
def one_line(record: logging.LogRecord) -> str:
    event = logging.Formatter("%(msg)s").format(record).splitlines()[0]
    line = {"level": record.levelname, "event": event}
    line |= {field: getattr(record, field) for field in ALLOWED if hasattr(record, field)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% refused: a field that is None
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    for field in ALLOWED:
        if getattr(record, field, None) is not None:
            line[field] = getattr(record, field)
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% passed: the field `error` goes before the exception
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    return json.dumps(line, default=str)
# %% refused: empties a list of the record
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    text = json.dumps(line, default=str)
    if "keys" in line:
        line["keys"].clear()
    return text
# %% partial | an exception: takes it that only an ERROR carries one
def one_line(record: logging.LogRecord) -> str:
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.levelno >= logging.ERROR and record.exc_info and record.exc_info[0]:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
