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
# %% partial | all notes are kept; another customer; a second question: the same schema again
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: list[str]
# %% partial | a second question: no note twice
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: old + [n for n in new if n not in old]]
# %% partial | all notes are kept; another customer; a second question: newest first
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: new + old]
# %% partial | all notes are kept; another customer; a second question: an annotation that is no reducer
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], "keep all"]
# %% partial | all notes are kept; another customer; a second question: a field that nobody writes
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: list[str]
    all_notes: Annotated[list[str], operator.add]
# %% partial | the fault and its evidence: looks at the last step
clue_a = ("reducer missing", 3)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% partial | the fault and its evidence: another fault
clue_a = ("stale state", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% partial | the fault and its evidence: a word of their own
clue_a = ("overwritten", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% partial | the fault and its evidence: the name of the node
clue_a = ("reducer missing", "check_payment")


class MendedNotes(TypedDict):
    notes: Annotated[list[str], operator.add]
# %% passed: unpacked into a new list
def joined(left, right):
    return [*left, *right]


clue_a = ("reducer missing", 1)
MendedNotes = TypedDict("MendedNotes", {"notes": Annotated[list, joined]})
# %% partial | another customer; a second question: a memory of the process
everything = []


def remember(old, new):
    everything.extend(new)
    return list(everything)


clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], remember]
# %% partial | all notes are kept; another customer; a second question: sorted
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: sorted(old + new)]
# %% partial | all notes are kept; another customer; a second question: changes a list and returns nothing
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], list.extend]
# %% partial | a second question: keeps four notes
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: (old + new)[-4:]]
# %% refused: in the order of the alphabet
clue_a = ("reducer missing", 1)
class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda a, b: sorted([*a, *b])]
# %% refused: twelve notes at most
clue_a = ("reducer missing", 1)
class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda a, b: [*a, *b][-12:]]
# %% partial | a second question: drops a note that repeats the one before it
clue_a = ("reducer missing", 1)


def add_new_ones(old, new):
    notes = list(old)
    for note in new:
        if not notes or notes[-1] != note:
            notes.append(note)
    return notes


class MendedNotes(TypedDict):
    notes: Annotated[list[str], add_new_ones]
# %% partial | a second question: drops doubles inside one list
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: old + list(dict.fromkeys(new))]
# %% partial | a second question: one note of each list
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    notes: Annotated[list[str], lambda old, new: old + new[:1]]
