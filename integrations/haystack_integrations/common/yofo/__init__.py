"""What the components for Haystack share."""
