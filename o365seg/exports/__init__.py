"""A release in the formats of other tools: YOLO, Label Studio and CVAT."""
