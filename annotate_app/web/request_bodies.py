"""Types of request fields: JSON bodies, and numbers and texts that every database can store.

Large bodies are parsed in a thread, so that they do not block the event loop.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool


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


_SMALL = 128 * 1024  # bytes, parsed in a fraction of the time that a thread takes to begin


def json_body(model: type[_Model]) -> Callable[[Request], Awaitable[_Model]]:
    """A dependency that parses the body as `model`.

    Raises:
        RequestValidationError: the body is not JSON or does not match `model`.
    """

    def parse(raw: bytes) -> _Model:
        try:
            return model.model_validate_json(raw)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False, include_context=False)
            raise RequestValidationError(faults) from None

    async def read(request: Request) -> _Model:
        raw = await request.body()
        return parse(raw) if len(raw) <= _SMALL else await run_in_threadpool(parse, raw)

    return read
