"""The list of a class: a CSV file as Canvas or Moodle exports it, or one you write.

It has a column `Student` or `Name` (or `First name` and `Surname`). Columns whose heading speaks of
an id, a login, an e-mail address, a name or an alias say how else a student's files may be named;
several aliases are separated by semicolons.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from instructor.grading.submission import Submission

__all__ = ("Roster", "read")

NAMES = ("student", "name", "full name")
PARTS = (("first name", "firstname"), ("surname", "last name", "lastname"))
KNOWN_BY = re.compile(r"(?i)\bid\b|login|mail|user|name|student|alias|also")
KEPT = re.compile(r"(?i)section|group")  # what an LMS wants back beside these
MIN_KEY = 3  # characters


@dataclass(frozen=True)
class Person:
    """A line of the list."""

    name: str
    fields: dict[str, str]


class Roster:
    """Who is in the class, and by which names their files are known."""

    def __init__(self, columns: list[str], people: list[Person]) -> None:
        self.people = people
        self.columns = [c for c in columns if KNOWN_BY.search(c) or KEPT.search(c)]
        found: dict[str, set[str]] = {}
        for person in people:
            for key in _keys(person):
                found.setdefault(key, set()).add(person.name)
        # What two people share, such as a section, tells nobody apart.
        self._by_key = {key: names.pop() for key, names in found.items() if len(names) == 1}

    def settle(self, submissions: Iterable[Submission]) -> list[str]:
        """Give each submission the name on the list; return the names that are not on it."""
        unknown = set()
        for each in submissions:
            name = self._by_key.get(_key(each.owner.id)) or self._called(each.student)
            if name is None:
                unknown.add(each.student)
            else:
                each.student = name
        return sorted(unknown, key=str.casefold)

    def _called(self, student: str) -> str | None:
        for text in (student, student.partition("@")[0]):
            if found := self._by_key.get(_key(text)):
                return found
        words = set(_words(student))
        names = {p.name: set(_words(p.name)) for p in self.people}
        # "Zoe" is enough where there is one; "Zoe Garcia final" has more than enough.
        fits = [name for name, own in names.items() if words and (words <= own or own <= words)]
        return fits[0] if len(fits) == 1 else None


def read(path: Path) -> Roster:
    """Read the list of a class.

    Raises:
        ValueError: It is no such list; the text says what it lacks.
    """
    text = path.read_text("utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    columns = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = columns
    lower = {name.lower(): name for name in columns}
    whole = next((lower[name] for name in NAMES if name in lower), None)
    parts = [next((lower[name] for name in names if name in lower), None) for names in PARTS]
    if not whole and None in parts:
        raise ValueError(
            f"{path} has no column Student or Name (First name and Surname will do); its first "
            f"line is {first.strip()[:100]!r}."
        )
    people = []
    for row in rows:
        fields = {column: (row.get(column) or "").strip() for column in columns}
        name = fields[whole] if whole else " ".join(fields[part] for part in parts).strip()
        if name and name != "Points Possible":  # a line of Canvas, of no student
            people.append(Person(name, fields))
    return Roster(columns, _told_apart(people, columns))


def _told_apart(people: list[Person], columns: list[str]) -> list[Person]:
    """Return the people; those who share a name get an id or address after it."""
    count = Counter(person.name for person in people)
    marks = [column for column in columns if re.search(r"(?i)\bid\b|login|mail|user", column)]
    return [
        Person(f"{p.name} ({p.fields[marks[0]]})", p.fields) if marks and count[p.name] > 1 else p
        for p in people
    ]


def _keys(person: Person) -> Iterator[str]:
    """Yield the keys a person's files may be named by."""
    for column, text in {**person.fields, "Name": person.name}.items():
        if not KNOWN_BY.search(column):
            continue
        for one in [text, *text.split(";"), text.partition("@")[0]]:
            words = _words(one)
            # Garcia, Zoe; Zoe Garcia; garciazoe
            turned = ("".join(words[n:] + words[:n]) for n in range(len(words)))
            yield from (key for key in turned if len(key) >= MIN_KEY)


def _words(text: str) -> list[str]:
    """Return the words of a name in small letters without accents."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", plain.casefold())


def _key(text: str) -> str:
    return "".join(_words(text))
