"""Every data set on disk, the catalogue of them and one's own."""
