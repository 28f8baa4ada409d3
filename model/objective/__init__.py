"""What training minimises: targets, merged proposals, matching and losses (sections 3.2 to 3.4)."""
