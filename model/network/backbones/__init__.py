"""Backbones: from a normalised image to feature maps. Of the room above they use configuration,
padding and the pixel decoder's norm and outputs."""
