"""How the embedded models were made: pictures, then eyes, then words, then the adapter, then the first stage."""
