"""Making the paper's data from one's own images: a model writes, a person looks through, `yofo train` reads."""
