"""The contestants of the mini suite: everything trained by us on the same pictures, with the same processor seconds."""
