"""Vision-language models: families as data, loading, prefix states and reading slots."""
