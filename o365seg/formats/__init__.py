"""What annotation files hold: records, categories, masks, sizes, and reading and writing them."""
