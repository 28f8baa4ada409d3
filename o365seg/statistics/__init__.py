"""What a set of annotations holds: the paper's figure 5, skip rates and rater times."""
