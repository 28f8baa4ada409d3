"""Gold questions, agreement between raters, and each rater's quality."""
