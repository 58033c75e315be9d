"""What the components for frameworks share; it knows none of them, and torch no more than the core does."""
