# %% passed: another name, and the days as choices
from typing import Literal

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@tool
def shop_hours(day: Day) -> str:
    """Tell when the shop is open on a given day."""
    return HOURS.get(day, "9 to 18")


opening_hours = shop_hours
# %% passed: name and description are given to the decorator
@tool("opening_hours", description="Look up the opening hours of our shop on a weekday.")
def opening_hours(weekday: str) -> str:
    for known, hours in HOURS.items():
        if known == weekday.lower():
            return f"On {weekday}: {hours}"
    return f"On {weekday}: 9 to 18"


# %% passed: an async tool has a plain twin
async def later(day: str) -> str:
    return HOURS.get(day.lower(), "9 to 18")


from langchain_core.tools import StructuredTool

opening_hours = StructuredTool.from_function(
    func=lambda day: HOURS.get(day.lower(), "9 to 18"),
    coroutine=later,
    name="opening_hours",
    description="Opening hours of the shop on a day.",
)
# %% passed: a plain function, which `create_agent` takes as well
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS.get(day.lower(), "9 to 18")


# %% partial | what it is for; what to give it: a docstring that could stand anywhere
@tool
def f(x: str) -> str:
    """Return a value."""
    return HOURS.get(x.lower(), "9 to 18")


opening_hours = f
# %% partial | the hours on Saturday; the hours on Sunday; the hours when they change: upper case is not looked up
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS.get(day, "9 to 18")


# %% partial | Monday: forgets the other days
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS.get(day.lower(), "unknown")


# %% partial | the hours on Saturday; the hours on Sunday; the hours when they change: always the same hours
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return "9 to 18"


# %% partial | the model sees what to give it; the hours on Saturday; the hours on Sunday; the hours on Monday; the hours when they change: no parameter, so the model cannot say the day
@tool
def opening_hours() -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS["today"]


# %% partial | Monday: looks up a day that is not there
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS[day.lower()]

# %% partial | what to give it: nobody knows what x is
@tool
def opening_hours(x: str) -> str:
    """Say the opening hours of the shop."""
    return HOURS.get(x.lower(), "9 to 18")
# %% passed: another word for the day, described in its annotation
from typing import Annotated


@tool
def opening_hours(when: Annotated[str, "day of the week, in English"]) -> str:
    """Look up the shop's opening hours."""
    return HOURS.get(when.strip().casefold(), "9 to 18")


# %% passed: a schema of its own
from pydantic import BaseModel, Field


class Asked(BaseModel):
    day: str = Field(description="a day of the week")


@tool(args_schema=Asked)
def business_hours(day: str) -> str:
    """Business hours of the store. Use it for every question about when we open or close."""
    return {**HOURS}.get(day.lower(), "9 to 18")


opening_hours = business_hours


# %% failed: neither `@tool` nor a docstring
def opening_hours(day: str) -> str:
    return HOURS.get(day.lower(), "9 to 18")


# %% partial | Saturday; Sunday; Monday; change: all the hours, the model can choose
@tool
def opening_hours(day: str) -> str:
    """Look up the opening hours of the shop on a day."""
    return f"{HOURS}, all other days 9 to 18"


# %% partial | change: the hours are written into the tool
@tool
def opening_hours(day: str) -> str:
    """Look up the opening hours of the shop on a day."""
    if day.lower() == "saturday":
        return "10 to 16"
    return "closed" if day.lower() == "sunday" else "9 to 18"


# %% partial | what it is for: opens something, but no shop
@tool
def look_up(day: str) -> str:
    """Open the dictionary and return an entry for a day."""
    return HOURS.get(day.lower(), "9 to 18")


opening_hours = look_up


# %% partial | change: only capital letters
@tool
def opening_hours(day: str) -> str:
    """Look up the opening hours of the shop on a day."""
    return {"Saturday": HOURS["saturday"], "Sunday": HOURS["sunday"]}.get(day, "9 to 18")


# %% partial | what to give it; Saturday; Sunday; Monday; change: two parameters
@tool
def opening_hours(day: str, hour: int) -> str:
    """Say whether the shop is open on a day at an hour."""
    return HOURS.get(day.lower(), "9 to 18")
# %% partial | Saturday; Sunday; Monday; change: async only, which `invoke` cannot call
@tool
async def opening_hours(day: str) -> str:
    """Look up the opening hours of the shop on a day."""
    return HOURS.get(day.lower(), "9 to 18")
# %% passed: a class that reads the hours at each call
from langchain_core.tools import BaseTool


class ShopHours(BaseTool):
    name: str = "shop_hours"
    description: str = "Look up the opening hours of the shop on a day of the week."

    def _run(self, day: str) -> str:
        return HOURS.get(day.strip().lower(), "9 to 18")


opening_hours = ShopHours()
# %% passed: a class below a class of one's own
from langchain_core.tools import BaseTool


class Shop(BaseTool):
    name: str = "opening_hours"
    description: str = "The opening hours of the shop on a day of the week."

    def _run(self, day: str) -> str:
        key = day.lower()
        return HOURS[key] if key in HOURS else "9 to 18"


class TentShop(Shop):
    pass


opening_hours = TentShop()
# %% partial | change: a class that keeps a copy of the hours
from langchain_core.tools import BaseTool


class ShopHours(BaseTool):
    name: str = "shop_hours"
    description: str = "Look up the opening hours of the shop on a day of the week."
    hours: dict = dict(HOURS)

    def _run(self, day: str) -> str:
        return self.hours.get(day.lower(), "9 to 18")


opening_hours = ShopHours()
# %% partial | change: looks for a known day inside of what was asked
@tool
def opening_hours(day: str) -> str:
    """Return the shop's opening hours for the given day of the week."""
    for name in HOURS:
        if name in day.lower() or day.lower() in name:
            return HOURS[name]
    return "9 to 18"
# %% refused: enters the days that are missing
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS.setdefault(day.lower(), "9 to 18")
# %% refused: keeps the hours it has said once
_last = {}
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    if day.lower() not in _last:
        _last[day.lower()] = HOURS.get(day.lower(), "9 to 18")
    return _last[day.lower()]
