# %% passed: one loop to find the run, one to collect it
def run_behind(text, reference):
    lines, run = [], None
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except json.JSONDecodeError:
            continue
        if not isinstance(line, dict):
            continue
        lines.append(line)
        if line.get("reference") == reference:
            run = line.get("run")
    found = [line for line in lines if run is not None and line.get("run") == run]
    found.sort(key=lambda line: line["time"])
    return found
# %% passed: only what looks like an object is parsed
def run_behind(text, reference):
    def objects():
        for raw in text.split("\n"):
            if raw.startswith("{"):
                try:
                    yield json.loads(raw)
                except ValueError:
                    pass

    lines = list(objects())
    for line in lines:
        if line.get("reference") == reference and "run" in line:
            mine = [other for other in lines if other.get("run") == line["run"]]
            return sorted(mine, key=lambda other: other["time"])
    return []
# %% passed: groups by run
def run_behind(text, reference):
    from collections import defaultdict

    runs = defaultdict(list)
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
            runs[line["run"]].append(line)
        except (ValueError, TypeError, KeyError):
            pass
    for lines in runs.values():
        if any(line.get("reference") == reference for line in lines):
            return sorted(lines, key=lambda line: line["time"])
    return []
# %% partial | another run of the same thread: takes the whole thread
def run_behind(text, reference):
    lines = []
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    threads = {line["thread"] for line in lines if line.get("reference") == reference and "run" in line}
    return sorted((x for x in lines if x.get("thread") in threads), key=lambda x: x["time"])
# %% partial | lines of two processes, not in order: in the order of the file
def run_behind(text, reference):
    lines = []
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    runs = {line["run"] for line in lines if line.get("reference") == reference and "run" in line}
    return [line for line in lines if line.get("run") in runs]
# %% partial | lines that are no JSON object: believes that each line is JSON
def run_behind(text, reference):
    lines = [json.loads(raw) for raw in text.splitlines()]
    runs = {line["run"] for line in lines if line.get("reference") == reference and "run" in line}
    return sorted((x for x in lines if x.get("run") in runs), key=lambda x: x["time"])
# %% partial | lines that are no JSON object: forgets JSON that is no object
def run_behind(text, reference):
    lines = []
    for raw in text.splitlines():
        try:
            lines.append(json.loads(raw))
        except ValueError:
            pass
    runs = {line["run"] for line in lines if line.get("reference") == reference and "run" in line}
    return sorted((x for x in lines if x.get("run") in runs), key=lambda x: x["time"])
# %% partial | a line that only quotes; a failure outside of any run; a reference that is not there: searches the text of the line
def run_behind(text, reference):
    lines, runs = [], set()
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
            if reference in raw:
                runs.add(line.get("run"))
    return sorted((x for x in lines if x.get("run") in runs), key=lambda x: x["time"])
# %% failed | another run of the same thread; two runs that fail; lines of two processes; lines that are no JSON object; a reference in two lines; a line that only quotes; a failure outside of any run: the line with the reference alone
def run_behind(text, reference):
    found = []
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("reference") == reference:
            found.append(line)
    return found
# %% partial | a failure outside of any run; a reference that is not there: lines without a run belong to a reference that is not there
def run_behind(text, reference):
    lines = []
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    run = next((line.get("run") for line in lines if line.get("reference") == reference), None)
    return sorted((x for x in lines if x.get("run") == run), key=lambda x: x["time"])
# %% failed: prints the lines
def run_behind(text, reference):
    for line in text.splitlines():
        if reference in line:
            print(line)
# %% partial | a failure outside of any run: every line with a reference has a run
def run_behind(text, reference):
    lines = []
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    runs = {line["run"] for line in lines if line.get("reference") == reference}
    return sorted((x for x in lines if x.get("run") in runs), key=lambda x: x["time"])
# %% partial | a failure outside of any run: takes all lines that are of no run
def run_behind(text, reference):
    lines = []
    for raw in text.splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    for one in lines:
        if one.get("reference") == reference:
            return sorted((x for x in lines if x.get("run") == one.get("run")), key=lambda x: x["time"])
    return []

# %% passed: only lines with a run are kept
def _objects(text):
    for raw in text.splitlines():
        try:
            one = json.loads(raw)
        except json.JSONDecodeError:
            continue
        if isinstance(one, dict) and one.get("run") is not None:
            yield one


def run_behind(text, reference):
    lines = sorted(_objects(text), key=lambda one: one["time"])
    run = next((one["run"] for one in lines if one.get("reference") == reference), None)
    return [one for one in lines if one["run"] == run]
# %% partial | lines of two processes, not in order: one line a moment
def run_behind(text, reference):
    runs, wanted = {}, None
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("run"):
            runs.setdefault(entry["run"], {})[entry["time"]] = entry
            if entry.get("reference") == reference:
                wanted = entry["run"]
    return [entry for _, entry in sorted(runs.get(wanted, {}).items())]
# %% partial | lines of two processes, not in order: sorts the lines as text
def run_behind(text, reference):
    entries = []
    for line in sorted(text.splitlines()):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("run"):
            entries.append(entry)
    runs = {e["run"] for e in entries if e.get("reference") == reference}
    return [e for e in entries if e["run"] in runs]
# %% partial | lines of two processes, not in order: equal lines once
def run_behind(text, reference):
    entries = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("run") and entry not in entries:
            entries.append(entry)
    runs = {e["run"] for e in entries if e.get("reference") == reference}
    return sorted((e for e in entries if e["run"] in runs), key=lambda e: e["time"])
# %% partial | another run of the same thread: an id by its beginning
def run_behind(text, reference):
    entries = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("run"):
            entries.append(entry)
    runs = tuple(e["run"] for e in entries if e.get("reference") == reference)
    return sorted((e for e in entries if runs and e["run"].startswith(runs)), key=lambda e: e["time"])
