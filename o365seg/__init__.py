"""Objects365 instance segmentation: records, masks, sampling, questions, the store, the release.

Folders in the order of imports: each imports only those above it.

    formats/       annotation files: records, categories, masks, sizes; reading and writing them
    terminal/      what every command shares: exit codes, options, tables, progress bars
    images/        image files: where they are, whether they are sound, and drawing on them
    presentation/  the shared look of figures and HTML pages
    store/         the project's database: every table, and every query on it
    project/       a project folder: create, open, back up and restore it
    demo/          the demo project
    statistics/    numbers and figures about a set of annotations
    gallery/       a release as a page and a contact sheet to look through
    exports/       a release in the formats of other tools: YOLO, Label Studio, CVAT
    release/       build a release from a project, describe it and publish it
    commands/      the commands of `o365seg`, one file a group
"""
