"""The client, written once: `bellwire._sync` is made of this by `scripts/generate_sync.py`."""
