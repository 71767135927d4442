"""Runs a command in a terminal of its own: terminal.py COMMAND…. What comes on stdin are its keys."""
import os
import pty
import sys

sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
