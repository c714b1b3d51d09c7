"""What the leader polls, and what it concludes from the answers."""
