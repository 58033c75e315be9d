"""Every error the library raises on purpose; each message says what was got and what was wanted."""


class YofoError(Exception):
    """Base of all errors of this library; `code` is a stable, machine-readable reason.

    >>> from yofo_rerank.errors import ImageError
    >>> try:
    ...     raise ImageError("not an image: got 12 bytes of text, wanted JPEG, PNG or WebP", code="not_an_image")
    ... except YofoError as error:
    ...     error.code
    'not_an_image'
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.default_code


class DocumentError(YofoError, ValueError):
    """A document cannot be judged (no image and no text, duplicate id, too large for the model)."""

    default_code = "bad_document"


class ImageError(DocumentError):
    """An image cannot be read safely: missing, truncated, foreign format, too large, too small."""

    default_code = "bad_image"


class RequirementError(YofoError, ValueError):
    """A requirement, or the list of them, is not usable."""

    default_code = "bad_requirement"


class TemplateTooLong(RequirementError):
    """The template does not fit the model; names the limit and the requirement that crosses it."""

    default_code = "template_too_long"


class DecomposeError(YofoError, ValueError):
    """A query cannot be decomposed (empty, or a decomposer was set up wrongly)."""

    default_code = "bad_query"


class RuleError(YofoError, ValueError):
    """A scoring rule is unknown, malformed, or names an unknown requirement."""

    default_code = "bad_rule"


class ModelError(YofoError, RuntimeError):
    """A model cannot be loaded or does not answer as it should (NaN, wrong family, missing token)."""

    default_code = "bad_model"


class AdapterMismatch(ModelError):
    """An adapter was trained for another base model or another prompt format."""

    default_code = "adapter_mismatch"


class RemoteError(ModelError):
    """A server with a model cannot be reached, refuses, or does not answer as it should."""

    default_code = "remote"
    retry_after: float | None = None  # seconds, where the server named them


class RetrievalError(YofoError, ValueError):
    """The first stage cannot do what was asked: bad top_k or query, unknown id, too few vectors to train an index."""

    default_code = "bad_retrieval"


class IndexMismatch(YofoError, ValueError):
    """A stored index is corrupt, of another version, or was built with another encoder."""

    default_code = "index_mismatch"


class VerdictsError(YofoError, ValueError):
    """Kept verdicts cannot be used: a file of another program or of a later version, or a judge that keeps none."""

    default_code = "bad_verdicts"


class ExampleError(YofoError, ValueError):
    """A training example is malformed or too long; names the file and the line."""

    default_code = "bad_example"


class MissingExtra(YofoError, ImportError):
    """An optional dependency is not installed; the message holds the pip command."""

    default_code = "missing_extra"


class ConfigError(YofoError, ValueError):
    """A configuration is malformed; names the file and the key."""

    default_code = "bad_config"


# Codes of what may be over at the next try: memory that ran out, a server that was down.
PASSING = frozenset(
    {
        "oom",
        "out_of_memory",
        "remote",
        "remote_failed",
        "remote_overloaded",
        "remote_timeout",
        "remote_unreachable",
        "stopped",
    }
)

# Codes of what is wrong with the judge and stays so until somebody mends it, whatever the document.
BROKEN = frozenset(
    {
        "adapter_mismatch",
        "bad_config",
        "bad_model",
        "bad_verdicts",
        "error",
        "forked",
        "missing_extra",
        "missing_token",
        "nan",
    }
)
