"""Which question a rater gets, for how long, and the answer."""
