"""The page where a person plays with the search (extra `demo`: Gradio)."""
