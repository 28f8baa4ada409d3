"""The paper's experiments: what each table compares, run at a size of one's own choice."""
