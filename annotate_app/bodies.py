"""JSON bodies, checked off the event loop: nobody waits for the megabytes of another."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

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
