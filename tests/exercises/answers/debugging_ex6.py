# %% passed: if and return
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    if "money" in letter["text"].lower():
        return "refunds"
    if "parcel" in letter["text"].lower():
        return "parcels"
    return "people"
# %% passed: the old router, corrected
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    return {"parcel": "parcels"}.get(choose_desk(letter), choose_desk(letter))
# %% passed: a list of one
clue_b = ("wrong edge", "parcel")


def choose_right(letter) -> list:
    words = letter["text"].casefold()
    for word, name in {"money": "refunds", "parcel": "parcels"}.items():
        if word in words:
            return [name]
    return ["people"]
# %% partial | “Where is my parcel?”; “Both PARCELS are late again.”; Good morning: another name that does not exist
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    words = letter["text"].lower()
    return "refunds" if "money" in words else "parcel_desk" if "parcel" in words else "people"
# %% partial | “Both PARCELS are late again.”; “My parcel is lost, I want my MONEY.”; “Money for the parcel, please!”: forgets capital letters
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    words = letter["text"]
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"
# %% partial | “My parcel is lost, I want my MONEY.”; “Money for the parcel, please!”; My parcel came: asks for parcels first
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    words = letter["text"].lower()
    return "parcels" if "parcel" in words else "refunds" if "money" in words else "people"
# %% partial | “Where is my parcel?”; “Both PARCELS are late again.”; Good morning: sends them to a person
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    return "refunds" if "money" in letter["text"].lower() else "people"
# %% partial | the fault and its evidence: the name it should have been
clue_b = ("wrong edge", "parcels")


def choose_right(letter):
    words = letter["text"].lower()
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"
# %% partial | the fault and its evidence: another fault
clue_b = ("swallowed interrupt", "parcel")


def choose_right(letter):
    words = letter["text"].lower()
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"
# %% partial | “Where is my parcel?”; “Both PARCELS are late again.”; “I want my money back.”; “My parcel is lost, I want my MONEY.”; “Money for the parcel, please!”; “Do you sell boats?”; “”; Good morning; My parcel came: returns the node, not its name
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    words = letter["text"].lower()
    return refunds if "money" in words else parcels if "parcel" in words else people
# %% passed: a table of words
def choose_right(letter):
    words = letter["text"].casefold()
    for word, desk_ in (("money", "refunds"), ("parcel", "parcels")):
        if word in words:
            return desk_
    return "people"


clue_b = ["wrong edge", "parcel"]
# %% partial | “Both PARCELS are late again.”; “My parcel is lost, I want my MONEY.”; “Money for the parcel, please!”; Good morning; My parcel came: knows the letters it has seen
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    known = {"Where is my parcel?": "parcels", "I want my money back.": "refunds"}
    return known.get(letter["text"], "people")
# %% partial | “Where is my parcel?”; “Both PARCELS are late again.”; “I want my money back.”; “My parcel is lost, I want my MONEY.”; “Money for the parcel, please!”; “Do you sell boats?”; Good morning; My parcel came: writes the letter in small letters
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    letter["text"] = letter["text"].lower()
    words = letter["text"]
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"
# %% partial | “Both PARCELS are late again.”: only whole questions about parcels
clue_b = ("wrong edge", "parcel")


def choose_right(letter):
    words = letter["text"].lower()
    if "money" in words:
        return "refunds"
    return "parcels" if words.endswith("parcel?") else "people"
# %% refused: whole words only
clue_b = ("wrong edge", "parcel")
def choose_right(letter):
    words = letter["text"].lower().split()
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"
# %% refused: both desks
clue_b = ("wrong edge", "parcel")

def choose_right(letter: Letter):
    words = letter["text"].lower()
    desks = [name for name, word in (("refunds", "money"), ("parcels", "parcel")) if word in words]
    return desks or "people"
# %% passed: a list of one desk
clue_b = ("wrong edge", "parcel")

def choose_right(letter: Letter):
    words = letter["text"].lower()
    desks = [name for name, word in (("refunds", "money"), ("parcels", "parcel")) if word in words]
    return desks[:1] or ["people"]
# %% refused: reads the first line only
clue_b = ("wrong edge", "parcel")

def choose_right(letter: Letter):
    found = re.match(r".*(money|parcel)", letter["text"].lower())
    if not found:
        return "people"
    return "refunds" if "money" in letter["text"].lower() else "parcels"
# %% partial | “Both PARCELS are late again.”: the very word only, not the plural
import re


def choose_right(letter: Letter) -> str:
    if re.search(r"\bmoney\b", letter["text"], re.I):
        return "refunds"
    return "parcels" if re.search(r"\bparcel\b", letter["text"], re.I) else "people"


clue_b = ("wrong edge", "parcel")
# %% passed: where a word begins
import re

clue_b = ("wrong edge", "parcel")


def choose_right(letter: Letter) -> str:
    found = re.search(r"\bmoney", letter["text"], re.I) and "refunds"
    return found or (re.search(r"\bparcel", letter["text"], re.I) and "parcels") or "people"
# %% partial | “I want my money back.”; My parcel came: a letter that has an answer needs none
clue_b = ("wrong edge", "parcel")


def choose_right(letter: Letter) -> str:
    if letter.get("answer"):
        return END
    words = letter["text"].lower()
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"
