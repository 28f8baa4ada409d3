"""What programs use: tokens of the HTTP API, the list of answers, and webhooks."""
