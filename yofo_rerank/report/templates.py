"""The HTML templates; whatever goes into one is escaped, and a missing value is an error."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def get_template(name: str) -> Template:
    """A template of this folder."""
    environment = Environment(
        loader=PackageLoader("yofo_rerank", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
