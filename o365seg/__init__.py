"""Objects365 instance segmentation: records, masks, sampling, questions, the store, the release."""
