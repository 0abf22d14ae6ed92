"""Where frames come from: each backend is a camera of the contract, and knows of no other."""
