"""Every entry."""

from tests.attack import pictures, places, records, services, stores, texts

ENTRIES = [*texts.ENTRIES, *pictures.ENTRIES, *places.ENTRIES, *records.ENTRIES, *stores.ENTRIES, *services.ENTRIES]
