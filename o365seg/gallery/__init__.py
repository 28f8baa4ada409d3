"""A release as a page and a contact sheet to look through."""
