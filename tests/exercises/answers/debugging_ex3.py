# %% passed: with hasattr
def one_line(record):
    facts = {"level": record.levelname, "event": record.msg}
    for name in ALLOWED:
        if hasattr(record, name):
            facts[name] = getattr(record, name)
    if record.exc_info:
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
    if record.exc_info:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str) + "\n"
# %% partial | no secrets: fills in the arguments
def one_line(record):
    line = {"level": record.levelname, "event": record.getMessage()}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% partial | an exception: the exception's text
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info:
        line["error"] = repr(record.exc_info[1])
    return json.dumps(line, default=str)
# %% partial | only what; an exception: fields that are not there become null, no error
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: getattr(record, name, None) for name in ALLOWED}
    return json.dumps(line, default=str)
# %% partial | the facts: ids are no JSON
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line)
# %% partial | only what; no secrets: a list of what is forbidden
def one_line(record):
    line = {k: v for k, v in vars(record).items() if k not in ("card", "token", "args", "exc_info")}
    line |= {"level": record.levelname, "event": record.msg}
    if record.exc_info:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
# %% failed: words for people, no JSON
def one_line(record):
    return f"{record.levelname} {record.msg} " + " ".join(f"{n}={vars(record).get(n)}" for n in ALLOWED)
# %% failed: spread over lines
def one_line(record):
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info:
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str, indent=2)
# %% failed: prints
def one_line(record):
    print(json.dumps({"level": record.levelname, "event": record.msg}))
