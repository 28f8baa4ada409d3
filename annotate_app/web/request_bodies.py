"""Types of request fields: JSON bodies, and numbers and texts that every database can store.

Bodies are parsed in a thread, so that a large one does not block the event loop.
"""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, ValidationError


def _encodable(text: str) -> str:
    """Refuse lone surrogates and NUL, which JSON and URLs allow and not every database stores."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode text") from None
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


Text = Annotated[str, AfterValidator(_encodable)]
SourceId = Annotated[int, Field(ge=-(2**63), lt=2**63)]  # of a question or category; or as text
RowId = Annotated[int, Field(ge=0, lt=2**31)]  # id that the database assigns


def id_text(source_id: int) -> str:
    """An id of the source file in a JSON reply: as text, for a browser's numbers end at 2^53."""
    return str(source_id)


_Model = TypeVar("_Model", bound=BaseModel)


async def _raw(request: Request) -> bytes:
    return await request.body()


def json_body(model: type[_Model]) -> Callable[[bytes], _Model]:
    """A dependency that parses the body as `model`; no coroutine, so that it runs in a thread.

    Raises:
        RequestValidationError: the body is not JSON or does not match `model`.
    """

    def parse(raw: Annotated[bytes, Depends(_raw)]) -> _Model:
        try:
            return model.model_validate_json(raw)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            raise RequestValidationError(faults) from None

    return parse
