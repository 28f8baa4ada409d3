"""The network of section 3.1: backbone, pixel decoder, decoder, heads, and how an image enters."""
