"""Made of `bellwire._async` by `scripts/generate_sync.py`, but for `seams`."""
