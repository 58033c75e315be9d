"""`python -m yofo_rerank.cli`, for machines where the script is not on the path."""

from yofo_rerank.cli import main

main()
