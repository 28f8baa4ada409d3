"""What requests carry: JSON bodies, and numbers and texts that every database can hold.

Bodies are checked off the event loop: nobody waits for the megabytes of another.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, ValidationError


def _encodable(text: str) -> str:
    """JSON and URLs can spell half a surrogate and a NUL, which not every database can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not Unicode text") from None
    if "\0" in text:
        raise ValueError("has a NUL character")
    return text


Text = Annotated[str, AfterValidator(_encodable)]
SourceId = Annotated[int, Field(ge=-(2**63), lt=2**63)]  # a question's or category's
RowId = Annotated[int, Field(ge=0, lt=2**31)]  # of a row that the database numbers

_Model = TypeVar("_Model", bound=BaseModel)


async def _raw(request: Request) -> bytes:
    return await request.body()


def json_body(model: type[_Model]) -> Callable[[bytes], _Model]:
    """A dependency that gives the request's body as `model`; being no coroutine, it has a thread.

    Raises:
        RequestValidationError: no JSON, or not of that shape.
    """

    def parse(raw: Annotated[bytes, Depends(_raw)]) -> _Model:
        try:
            return model.model_validate_json(raw)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            raise RequestValidationError(faults) from None

    return parse
