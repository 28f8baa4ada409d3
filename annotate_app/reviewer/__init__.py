"""What reviewers use: the queue of submitted answers and their verdicts."""
