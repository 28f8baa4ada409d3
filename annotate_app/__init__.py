"""The painting tool: people in a browser answer one foreground/background question per box.

Folders in the order of imports: each imports only those above it.

    web/       what pages and routes share: the page shell, static files, request bodies, charts
    access/    who may use the application: sign-in, invitations, sessions, passwords, throttling
    rater/     what raters use: questions and answers, earlier work, guidelines and qualification
    reviewer/  what reviewers use: the queue of submitted answers and their verdicts
    owner/     what owners use: progress, people, settings, gallery, audit log and export
    pipeline/  what programs use: the HTTP API with tokens, metrics, webhooks
    commands/  the commands of `annotate-app`, one file a group

`server.py` puts them together; scripts and styles are in `static/`, pages in
`templates/`, and the texts of both, a file a language, in `texts/`.
"""
