"""Raters and owners: accounts, invitations, qualification."""
