"""What a service allows; plain data, checked once."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Limits(BaseModel):
    """Of one request, and of all that run and wait.

    >>> Limits(max_documents=10).max_documents
    10
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_body_bytes: Positive = 64 * 1024 * 1024
    held_body_bytes: Positive = 512 * 1024 * 1024  # of all requests, until each is answered; more get 429
    body_seconds: Seconds = 30.0  # for the whole of a body to arrive
    max_documents: Positive = 1000
    max_requirements: Positive = 64
    max_fetched: Positive = 64  # images of a request that are given as addresses
    running: Positive = 16  # requests that are judged at one time; what they share is judged once
    waiting: Annotated[int, Field(ge=0)] = 64  # for a place among them; more are answered with 429
    deadline: Seconds = 60.0  # of one request, waiting included
    requests_per_minute: Positive | None = None  # of one key; of one address where there are no keys, or a wrong one

    @model_validator(mode="after")
    def _one_body_can_be_held(self) -> Self:
        if self.held_body_bytes < self.max_body_bytes:
            raise ValueError("held_body_bytes must be at least max_body_bytes, or the largest body never gets in")
        return self


class ServeSettings(BaseModel):
    """Settings of a service.

    >>> ServeSettings(names=["shop"]).names
    ('shop',)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)  # keys are secret

    names: tuple[str, ...] = Field(default=("mini",), min_length=1)  # that requests may give as their model
    keys: tuple[str, ...] = ()  # none: everybody may ask
    image_hosts: tuple[str, ...] = ()  # images are fetched from these, over https and from public addresses alone
    limits: Limits = Limits()

    @field_validator("keys")
    @classmethod
    def _keys_are_usable(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        for key in keys:
            if not (16 <= len(key) <= 256 and key.isascii() and key.isprintable() and " " not in key):
                raise ValueError("a key must be 16 to 256 printable ASCII characters without blanks")
        return keys

    @field_validator("image_hosts")
    @classmethod
    def _hosts_are_lower_case(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.lower().strip(".") for host in hosts)
