# %% passed: a lambda
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list, lambda old, new: (old or []) + new]
# %% passed: a list as clue, and a function
clue_a = ["reducer missing", 1]


def both(old: list, new: list) -> list:
    return [*old, *new]


class MendedNotes(TypedDict):
    notes: Annotated[list[str], both]
# %% passed: a dataclass as schema
from dataclasses import dataclass, field

clue_a = ("reducer missing", 1)


@dataclass
class MendedNotes:
    notes: Annotated[list[str], operator.add] = field(default_factory=list)
# %% partial | all notes; a second: the same schema again
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: list[str]
# %% partial | a second: no note twice
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: old + [n for n in new if n not in old]]
# %% partial | all notes: newest first
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: new + old]
# %% partial | all notes; a second: an annotation that is no reducer
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], "keep all"]
# %% partial | all notes; a second: a field that nobody writes
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: list[str]
    all_notes: Annotated[list[str], operator.add]
# %% partial | the fault: looks at the last step
clue_a = ("reducer missing", 3)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% partial | the fault: another fault
clue_a = ("stale state", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% partial | the fault: a word of their own
clue_a = ("overwritten", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% partial | the fault: the name of the node
clue_a = ("reducer missing", "check_payment")


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
