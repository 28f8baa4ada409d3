"""AP of masks, boxes and boundaries: matching, the rule for skipped instances, accumulation."""
