# %% passed: the whole model is strict
pays = {"A", "B", "C"}


class YesOrNo(BaseModel, strict=True):
    """Yes or no."""

    approved: bool
# %% passed: a list, and a field that is strict
from pydantic import Field

pays = ["C", "B", "A"]


class YesOrNo(BaseModel):
    approved: bool = Field(strict=True)
    note: str = ""
# %% passed: nothing else may stand in it
pays = "ABC"


class YesOrNo(BaseModel, extra="forbid"):
    approved: StrictBool
# %% partial | everything else is refused, and the question stays: a field that reads words
pays = {"A", "B", "C"}


class YesOrNo(BaseModel):
    approved: bool
# %% partial | everything else is refused, and the question stays: a default makes silence a no
pays = {"A", "B", "C"}


class YesOrNo(BaseModel):
    approved: StrictBool = False
# %% partial | a clear yes and a clear no; everything else is refused, and the question stays: only a yes can be said
pays = {"A", "B", "C"}


class YesOrNo(BaseModel):
    approved: Literal[True]
# %% partial | a clear yes and a clear no; everything else is refused, and the question stays: the field has another name
pays = {"A", "B", "C"}


class YesOrNo(BaseModel):
    aproved: StrictBool
# %% partial | everything else is refused, and the question stays: anything goes
pays = {"A", "B", "C"}


class YesOrNo(BaseModel):
    approved: object
# %% partial | which answers pay: believes that Python reads words
pays = {"A"}


class YesOrNo(BaseModel):
    approved: StrictBool
# %% partial | which answers pay: forgets that E stumbles
pays = {"A", "B", "C", "E"}


class YesOrNo(BaseModel):
    approved: StrictBool
# %% partial | which answers pay: a letter too many
pays = {"A", "B", "C", "G"}


class YesOrNo(BaseModel):
    approved: StrictBool
# %% failed: a schema in JSON is shown, and not checked
pays = {"A"}
YesOrNo = {"type": "object", "properties": {"approved": {"type": "boolean"}}}
# %% failed: an instance
class Answer(BaseModel):
    approved: bool


pays = True
YesOrNo = Answer(approved=True)
