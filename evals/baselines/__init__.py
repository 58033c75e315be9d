"""Contestants: what people would use instead, behind one protocol."""
