"""What pages and routes share: the page shell, static files, request bodies, images, charts."""
