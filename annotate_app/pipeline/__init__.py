"""What programs use: the HTTP API with tokens, metrics, webhooks."""
