"""An evaluation in pieces: image by image, in several processes, or file by file."""
