"""A package, so that what its tests share, a browser above all, ends with the last of them: beside it no other could run an event loop."""
