"""DaTaSeg, the model. Its place is kept here; the network and its training are not built yet."""
