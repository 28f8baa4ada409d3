"""The queue of answers that wait for a review, and the verdicts."""
