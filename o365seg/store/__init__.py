"""The project's store: raters, leases, drafts and append-only answers in one SQL database."""
