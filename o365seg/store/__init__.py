"""The project's database: every table, and every query on it.

The files here are what all queries share: tables, connections, settings, the audit log. Folders in
the order of imports: each imports only those above it.

    migrations/    the steps from one schema to the next
    people/        raters and owners: accounts, invitations, qualification
    quality/       gold questions, agreement between raters, and each rater's quality
    work/          which question a rater gets, for how long, and the answer
    review/        the queue of answers that wait for a review, and the verdicts
    progress/      how much is done, how fast, and the gallery of answers
    pipeline/      what programs use: tokens, the list of answers, webhooks
"""
