"""The paper's tables: what to train and score for each, and our numbers beside the paper's."""
