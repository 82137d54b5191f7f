"""Query parameters: whole numbers in a range, and choices."""

import re
from enum import StrEnum
from typing import Final, TypeVar

from service.web.call import Call
from service.web.errors import refused
from service.web.problems import ParameterWrong

Choice = TypeVar("Choice", bound=StrEnum)

_WHOLE: Final = re.compile(r"\d{1,20}", re.ASCII)


def whole_query(call: Call, name: str, least: int, most: int) -> int | None:
    """The parameter as a number, if it is given. Raises RefusedError unless it is one from `least` to `most`."""
    text = call.request.query.get(name)
    if text is None:
        return None
    if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
        raise refused(ParameterWrong(name, f"a whole number from {least} to {most}"))
    return int(text)


def choice_query(call: Call, name: str, kind: type[Choice]) -> Choice | None:
    """The parameter as one of the choices, if it is given. Raises RefusedError for any other text."""
    text = call.request.query.get(name)
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError as error:
        raise refused(ParameterWrong(name, f"one of {', '.join(kind)}")) from error
