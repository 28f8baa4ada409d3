"""Who may use the HTTP API: a token of sufficient scope, or an owner's session for reading."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from o365seg.store.pipeline.scopes import Scope
from o365seg.store.pipeline.tokens import Token
from o365seg.store.schema import Role


def requires(scope: Scope) -> Callable[[Request], Token | None]:
    """A dependency of routes: the token of the request, None for an owner's session, or 403."""

    def permitted(request: Request) -> Token | None:
        token: Token | None = getattr(request.state, "token", None)
        if token is not None:
            if not token.scope.includes(scope):
                raise HTTPException(403, f"This requires a token of scope {scope.value}.")
            return token
        if not request.state.rater.may(Role.OWNER):
            raise HTTPException(403, "This requires the role owner, or a token.")
        return None

    return permitted


MetricsReader = Annotated[Token | None, Depends(requires(Scope.METRICS))]
Reader = Annotated[Token | None, Depends(requires(Scope.READ))]
Releaser = Annotated[Token | None, Depends(requires(Scope.RELEASE))]
Inviter = Annotated[Token | None, Depends(requires(Scope.INVITE))]
Creator = Annotated[Token | None, Depends(requires(Scope.CREATE))]
