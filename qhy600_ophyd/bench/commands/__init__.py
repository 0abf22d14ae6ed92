"""What is typed in a terminal, and what it prints for people and for programs."""
