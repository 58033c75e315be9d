"""A trained folder on the Hugging Face hub: weights, configuration and model card, in one commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from yofo_rerank.errors import ConfigError, ModelError
from yofo_rerank.models.config import FILE_NAME as YOFO_CONFIG
from yofo_rerank.models.sources import SAFE_FILES

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd

CARD = "README.md"
CARD_REPOSITORY = "this-repository"  # stands in a card for the name that its reader loads it by
_PUBLISHED = (*SAFE_FILES, CARD, "LICENSE")
_BASE_KEYS = {"adapter_config.json": "base_model_name_or_path", YOFO_CONFIG: "base_model"}


def push_folder(
    folder: str | Path, repository: str, *, private: bool | None = None, token: str | None = None, message: str = ""
) -> str:
    """Upload the `final` folder of a training run, and return its address.

    >>> push_folder("run/final", "my-name/hooded-judge")  # doctest: +SKIP
    'https://huggingface.co/my-name/hooded-judge'

    Args:
        folder: an adapter, or a fully trained model.
        repository: `owner/name`; made where there is none.
        private: of a new repository; None = as the owner's settings say.
        token: None = the one that `hf auth login` has stored, or HF_TOKEN.
        message: of the commit.

    Raises:
        ConfigError: not such a folder, not such a name, or nobody is logged in.
        ModelError: the hub refuses, or cannot be reached.
    """
    folder = Path(folder)
    check_repository(repository, token)
    _check_folder(folder)
    from huggingface_hub import HfApi

    api = HfApi(token=token)
    try:
        address = api.create_repo(repository, private=private, exist_ok=True)
        api.create_commit(
            repository, operations=_operations(folder, repository), commit_message=message or "A judge of yofo-rerank"
        )
    except (OSError, ValueError) as error:  # what the hub's client raises for a refusal, a network, a name
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"cannot push to {repository!r}: {reason[0]}", code="hub") from error
    return str(address)


def check_repository(repository: str, token: str | None = None) -> None:
    """ConfigError unless it is `owner/name` and somebody is logged in; asks no network."""
    from huggingface_hub import get_token
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise ConfigError(f"wanted a repository such as 'owner/name', but got {repository!r}: {error}") from error
    if repository.count("/") != 1:
        raise ConfigError(f"wanted a repository such as 'owner/name', but got {repository!r}")
    if not (token or get_token()):
        raise ConfigError("nobody is logged in at the Hugging Face hub: run `hf auth login`, or set HF_TOKEN")


def _check_folder(folder: Path) -> None:
    if not (folder / YOFO_CONFIG).is_file():
        raise ConfigError(f"{str(folder)!r} has no {YOFO_CONFIG}: wanted the `final` folder of a training run")
    if not any(folder.glob("*.safetensors")):
        raise ConfigError(f"{str(folder)!r} has no weights (*.safetensors)")
    for name, key in _BASE_KEYS.items():
        if (folder / name).is_file():
            base = json.loads((folder / name).read_text(encoding="utf-8")).get(key)
            if base and Path(base).is_absolute():
                raise ConfigError(f"{folder / name} names a local path ({base}); wanted the base model by its name")


def _operations(folder: Path, repository: str) -> list[CommitOperationAdd]:
    from huggingface_hub import CommitOperationAdd

    files = sorted({path for pattern in _PUBLISHED for path in folder.glob(pattern) if path.is_file()})
    contents: dict[str, str | bytes] = {path.name: str(path) for path in files}
    if CARD in contents:
        card = (folder / CARD).read_text(encoding="utf-8")
        contents[CARD] = card.replace(CARD_REPOSITORY, repository).encode()
    return [CommitOperationAdd(path_in_repo=name, path_or_fileobj=content) for name, content in contents.items()]
