"""The Hugging Face Trainer with the YOFO objective, and evaluation that judges as inference does."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import EvalPrediction, Trainer, TrainerCallback
from transformers.trainer_callback import TrainerControl, TrainerState
from transformers.training_args import TrainingArguments

from yofo_rerank.training import metrics
from yofo_rerank.training.checkpoints import write_digests
from yofo_rerank.training.collator import ABSENT, LABELS, STOOD_IN
from yofo_rerank.training.config import TrainConfig
from yofo_rerank.training.dataset import ExampleDataset
from yofo_rerank.training.head import head_at
from yofo_rerank.training.losses import answer_loss, reason_loss, total_loss
from yofo_rerank.training.optimizers import build_optimizer
from yofo_rerank.training.visibility import visible


class YofoTrainer(Trainer):
    """Supervises slots and reasons (eq. 6 to 8); the LM head runs at those positions alone."""

    def __init__(self, *, config: TrainConfig, answer_ids: tuple[int, int], **trainer: Any) -> None:
        super().__init__(**trainer)
        self._config = config
        self._answer_ids = list(answer_ids)  # no, yes: the order of the judge's two-row head
        self._parts: dict[str, list[torch.Tensor]] = defaultdict(list)
        self._stood_in: torch.Tensor | int = 0
        self.model_accepts_loss_kwargs = False  # our loss is a batch's mean: the Trainer divides by accumulated batches

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,  # noqa: ARG002 - the Trainer's signature
    ) -> Any:
        """L = L_answer + lambda L_reason of a batch."""
        n_samples = len(inputs["slots"])
        slot_rows, _ = places = torch.nonzero(inputs["slots"] != ABSENT, as_tuple=True)
        reason_rows, _ = reasons = torch.nonzero(inputs["reason_positions"] != ABSENT, as_tuple=True)
        rows = torch.cat([slot_rows, reason_rows])
        columns = torch.cat([inputs["slots"][places], inputs["reason_positions"][reasons]])
        logits = self._logits(model, inputs, rows, columns)  # (slots + reason tokens, vocab)
        n_slots = len(slot_rows)
        answer = answer_loss(logits[:n_slots], inputs["answers"][places], slot_rows, n_samples)
        reason = reason_loss(logits[n_slots:], inputs["reason_tokens"][reasons], reason_rows, n_samples)
        loss = total_loss(answer, reason, self._config.reason_weight)
        if model.training:
            self._parts["answer_loss"].append(answer.detach())  # read at the next report: no wait for the device
            self._parts["reason_loss"].append(reason.detach())
            self._stood_in = self._stood_in + inputs[STOOD_IN].sum()
        return (loss, {"logits": logits[:n_slots]}) if return_outputs else loss

    def prediction_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        prediction_loss_only: bool,  # noqa: ARG002 - the Trainer's signature
        ignore_keys: list[str] | None = None,  # noqa: ARG002
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Loss, (no, yes) logits  # (batch, requirements, 2), and whether yes is right  # (batch, requirements)."""
        inputs = self._prepare_inputs(inputs)
        places = torch.nonzero(inputs["slots"] != ABSENT, as_tuple=True)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        no_yes = torch.full((*inputs["slots"].shape, 2), float(ABSENT), device=loss.device)
        no_yes[places] = outputs["logits"].float()[:, self._answer_ids]
        expected = torch.full_like(inputs["answers"], ABSENT)
        expected[places] = (inputs["answers"][places] == self._answer_ids[1]).long()
        return loss.detach(), no_yes, expected

    def get_eval_dataloader(self, eval_dataset: Any = None) -> DataLoader:
        """Every example counts; the Trainer's switch would drop a last incomplete batch here as in training."""
        data: Any = self.eval_dataset if eval_dataset is None else eval_dataset
        loader = DataLoader(
            data,
            batch_size=self.args.eval_batch_size,
            collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers,
        )
        return self.accelerator.prepare(loader)

    def get_test_dataloader(self, test_dataset: Any) -> DataLoader:
        """The same."""
        return self.get_eval_dataloader(test_dataset)

    def create_optimizer(self, model: torch.nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW, or Muon with AdamW."""
        if self.optimizer is None:
            config = self._config
            trained: Any = model or self.model
            self.optimizer = build_optimizer(
                trained,
                config.optimizer,
                learning_rate=config.learning_rate,
                muon_learning_rate=config.muon_learning_rate,
                weight_decay=config.weight_decay,
            )
        return self.optimizer

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Adds both parts of the loss since the last report, and the unreadable examples so far (of this process)."""
        if "loss" in logs:
            logs |= {name: float(torch.stack(values).mean()) for name, values in self._parts.items()}
            self._parts.clear()
            if unreadable := int(self._stood_in):
                logs |= {"unreadable": unreadable}
        super().log(logs, start_time)

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any = None) -> None:
        """And what its files hold, so that damage shows when it is resumed from."""
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()  # every process saves a part
        if self.args.should_save:
            write_digests(self._config.output_dir / f"checkpoint-{self.state.global_step}")

    def _logits(
        self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], rows: torch.Tensor, columns: torch.Tensor
    ) -> torch.Tensor:
        bare = self.accelerator.unwrap_model(model)
        forward = {name: tensor for name, tensor in inputs.items() if name not in (*LABELS, STOOD_IN)}
        if self._config.hide_reasons or self._config.attention != "joint":
            forward["attention_mask"] = visible(inputs["segments"], inputs["attention_mask"], bare.dtype)
        with head_at(bare, rows, columns):
            return model(**forward, use_cache=False).logits


class SetEpoch(TrainerCallback):
    """Tells the data set which epoch it is, before the workers that read it are started."""

    def __init__(self, dataset: ExampleDataset) -> None:
        self._dataset = dataset

    def on_epoch_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002 - the callback's signature
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **_: Any,
    ) -> None:
        """`state.epoch` is a fraction inside an epoch and whole between two."""
        self._dataset.epoch = int(state.epoch or 0)


def accuracies(prediction: EvalPrediction, *, dependency_aware: bool) -> dict[str, Any]:
    """The paper's figures from padded logits (eq. 5: yes if its logit is the larger one)."""
    logits, labels = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
    present = labels != ABSENT  # (samples, requirements)
    verdicts = logits[..., 1] > logits[..., 0]  # yes against no
    judged = [row[mask].tolist() for row, mask in zip(verdicts, present, strict=True)]
    expected = [row[mask].tolist() for row, mask in zip(labels == 1, present, strict=True)]
    figures: dict[str, Any] = {
        "acc_property": metrics.acc_property(judged, expected),
        "acc_sample": metrics.acc_sample(judged, expected),
        "acc_by_position": metrics.acc_by_position(judged, expected),
    }
    if dependency_aware:
        figures["acc_dep"] = metrics.acc_dep(judged, expected)
    return figures
