"""Messages and modals: pure functions from values to blocks."""
