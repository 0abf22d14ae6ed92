"""Reading a run, whether it is finished, growing or was left by a kill."""
