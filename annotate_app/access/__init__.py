"""Who may use the application: sign-in, invitations, sessions, passwords, throttling, headers."""
