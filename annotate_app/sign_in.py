"""Signing in and out: a plain page that needs no script."""

from html import escape

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from annotate_app.passwords import password_matches
from annotate_app.sessions import LOGIN_PATH, LOGOUT_PATH, Sessions, current_rater
from o365seg.project import Project
from o365seg.store.raters import end_sessions, find_rater

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2230; --paper: #f3f4f7; --card: #fff;
  --line: #737b8c; --accent: #1d5fd1; --wrong: #b3261e; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e8eaf0; --paper: #14171e; --card: #1e222c; --line: #8b93a5;
    --accent: #7fb0ff; --wrong: #ff9c94; }} }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
main {{ background: var(--card); width: min(22rem, 90vw); padding: 2rem; border-radius: 12px;
  box-shadow: 0 8px 30px rgb(0 0 0 / 12%); box-sizing: border-box; }}
h1 {{ font-size: 1.35rem; margin: 0 0 .25rem; }}
p {{ margin: 0 0 1.25rem; }}
label {{ display: block; margin: .9rem 0 .25rem; font-weight: 600; }}
input {{ width: 100%; box-sizing: border-box; padding: .6rem .7rem; font: inherit;
  color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; }}
button {{ width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600;
  color: var(--card); background: var(--accent); border: 0; border-radius: 8px; cursor: pointer; }}
:focus-visible {{ outline: 3px solid var(--accent); outline-offset: 2px; }}
.wrong {{ color: var(--wrong); font-weight: 600; }}
</style>
</head>
<body>
<main>
<h1>Painting tool</h1>
<p>Sign in with the name and password you were given.</p>
{message}
<form method="post" action="{action}">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" required autofocus value="{name}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""


def make_router(project: Project, sessions: Sessions) -> APIRouter:
    """The routes `/login` and `/logout`."""
    router = APIRouter()

    @router.get(LOGIN_PATH)
    def show(request: Request) -> Response:
        if sessions.rater_of(request.scope) is not None:
            return RedirectResponse("/", status_code=303)
        return _page()

    @router.post(LOGIN_PATH)
    def sign_in(
        request: Request, name: str = Form(default=""), password: str = Form(default="")
    ) -> Response:
        with project.store.read() as db:
            rater = find_rater(db, name)
        known = password_matches(password, rater and rater.password_hash)
        if not known or rater is None or not rater.active:
            return _page("Name or password is wrong.", name, status=401)
        response = RedirectResponse("/", status_code=303)
        sessions.sign_in(response, rater, secure=request.url.scheme == "https")
        return response

    @router.post(LOGOUT_PATH)
    def sign_out(request: Request) -> Response:
        with project.store.write() as db:
            end_sessions(db, current_rater(request).id)
        response = RedirectResponse(LOGIN_PATH, status_code=303)
        response.delete_cookie(sessions.cookie)
        return response

    return router


def _page(message: str = "", name: str = "", status: int = 200) -> HTMLResponse:
    shown = f'<p class="wrong" role="alert">{escape(message)}</p>' if message else ""
    return HTMLResponse(
        _PAGE.format(message=shown, action=LOGIN_PATH, name=escape(name)), status_code=status
    )
