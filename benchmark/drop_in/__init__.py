"""pycocotools' COCO and COCOeval on the core: the same attributes, parameters and bytes."""
