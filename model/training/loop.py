"""Co-training (paper, section 3.5): one loop, a batch of one data set at each iteration."""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timm.layers.norm_act import convert_sync_batchnorm
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from model.data.loader import Batch, load_batches
from model.data.sampler import dataset_plan, rank_draws
from model.network.dataseg import DaTaSeg
from model.objective.criterion import Losses, batch_counts, training_losses
from model.runtime.distributed import Ranks, join_ranks
from model.text.embedding_files import save_embeddings
from model.training.averaging import AveragedNetwork
from model.training.config import TrainConfig
from model.training.freezing import freeze, set_training
from model.training.log import FiniteGuard, TrainLog
from model.training.mixture import (
    Part,
    all_text_embeddings,
    make_parts,
    make_sources,
    open_datasets,
)
from model.training.optimizer import make_optimizer, set_learning_rate, trained
from model.training.resume import (
    begin_folder,
    check_folder,
    check_processes_agree,
    check_text,
    skip_option,
)
from model.training.saving import MODEL_FILE, TrainingRun
from model.training.schedule import rate_factor
from model.training.starting import make_network, note_mixed_statistics, start_from
from model.training.state import has_state
from model.training.validation import BEST_FILE, Validation
from o365seg.errors import InputError
from o365seg.terminal import progress_bar
from o365seg.terminal.overwriting import refuse_overwriting

TEXT_FILE = "text.npz"


def train_run(
    config: TrainConfig, base: Path, source: str, folder: Path, device: str | None = None,
    named: Collection[str] = (),
) -> None:  # fmt: skip
    """Train from the start, or from the last saved state in the folder, to the end.

    The folder holds `config.json`, `metrics.jsonl`, `tensorboard/`, `text.npz` (text embeddings of
    all classes), `state-*.pt` (to resume from) and `model.safetensors` (to use); with validation
    also `validation.jsonl`, `validation/` (the last predictions) and `best.safetensors`.

    Args:
        config: The configuration.
        base: Folder for the configuration's relative paths.
        source: The configuration's file, for messages.
        folder: Folder of the run; created if missing.
        device: Name of the device; None for a GPU if there is one.
        named: Fields that the user changes explicitly in a run (`model.training.resume`).

    Raises:
        InputError: a file is invalid or would be overwritten, the run started with another
            configuration, or a loss or gradient is not finite.
    """
    with join_ranks(device) as ranks:
        _check_batch(config, ranks, source)
        _keep_inputs(config, base, folder)
        config, changed = check_folder(folder, config, source, named)
        datasets = open_datasets(config, base, source)
        parts = make_parts(config, datasets, base, source, str(ranks.device))
        resumed = has_state(folder)
        network = make_network(config, base, source, quiet=not ranks.is_first, resumed=resumed)
        network = network.to(ranks.device)
        freeze(network, config.freeze, source)
        if ranks.is_first:
            note_mixed_statistics(network, config)
        if not resumed:
            start_from(network, config, base, ranks)
        run = TrainingRun(
            folder,
            config,
            network,
            make_optimizer(network, config.optimizer),
            None if config.average is None else AveragedNetwork(network, config.average),
            dataset_plan(
                [entry.sampling_ratio for entry in config.data], config.iterations, config.seed
            ),
            {dataset.name: len(dataset) for dataset in datasets},
            {dataset.name: dataset.vocabulary.marked_names for dataset in datasets},
        )
        validation = None
        if config.validation is not None:
            validation = Validation(config, base, source, folder, ranks)
        start = run.load()
        check_processes_agree(ranks, start, config, source, folder)
        if start and ranks.is_first:
            sys.stderr.write(f"{folder}: resumes after {start} iterations\n")
        text = all_text_embeddings(datasets, parts)
        if start:
            check_text(folder / TEXT_FILE, *text, config, source)
        changes = begin_folder(folder, config, changed, start, ranks)
        if ranks.is_first and not (start and (folder / TEXT_FILE).exists()):
            about = {"data": list(run.images), "synthetic": config.text.synthetic}
            save_embeddings(folder / TEXT_FILE, *text, about)
        batches = load_batches(
            make_sources(config, datasets),
            rank_draws(
                run.plan,
                list(run.images.values()),
                start=start,
                batch_size=config.batch_size,
                accumulate=config.accumulate,
                rank=ranks.rank,
                ranks=ranks.count,
                seed=config.seed,
                skip=config.skip,
            ),
            seed=config.seed,
            workers=config.workers,
            pin=ranks.device.type == "cuda",
        )
        log = TrainLog(
            folder if ranks.is_first else None,
            list(run.images), start, config.log_every, config.batch_size, ranks.device,
        )  # fmt: skip

        def save(done: int) -> None:
            if ranks.is_first:
                run.save(done, changes)

        def validate(done: int) -> bool:
            """Validate if it is due; return whether the run ends here."""
            if validation is None:
                return False
            if validation.is_due(done):
                log.pause()
                validation.run(
                    run.result,
                    done,
                    lambda path, facts: run.write_model(done, changes, path, facts),
                )
                log.go_on()
            return validation.is_over()

        try:
            if validation is not None:
                validation.resume(start)
            over = start > 0 and validate(start)  # stopped between a state and its validation
            if over or start == config.iterations:  # or between the last state and the model
                save(start)
            else:
                start = _iterate(run, parts, batches, ranks, start, log, save, validate)
        finally:
            log.close()
            if validation is not None:
                validation.close()
        ranks.wait()
        if ranks.is_first:
            _say_written(run, start, validation)


def _say_written(run: TrainingRun, done: int, validation: Validation | None) -> None:
    wanted = run.config.iterations
    early = "" if done == wanted else f" of {wanted}; validation found nothing better since"
    sys.stderr.write(f"written: {run.folder / MODEL_FILE}: {done} iterations{early}\n")
    if validation is not None:
        best = validation.summary()
        sys.stderr.write(
            f"no best checkpoint, as no validation had a value of {validation.metric}\n"
            if best is None
            else f"written: {run.folder / BEST_FILE}: {best}\n"
        )


def _iterate(
    run: TrainingRun,
    parts: Sequence[Part],
    batches: Iterator[Batch],
    ranks: Ranks,
    start: int,
    log: TrainLog,
    save: Callable[[int], None],
    validate: Callable[[int], bool],
) -> int:
    """The loop; returns the number of finished iterations."""
    config, network, optimizer = run.config, run.network, run.optimizer
    adam = config.optimizer
    parameters = trained(network)
    parallel_network = parallel(network, ranks, config.compile)
    guard = FiniteGuard(config.skip)
    set_training(network, config.freeze)
    iterations: Any = range(start, config.iterations)
    if ranks.is_first:
        iterations = progress_bar.progress(iterations, "training")
    for iteration in iterations:
        seed_iteration(config.seed, iteration, ranks.rank)
        done = iteration + 1
        if done not in config.skip:  # else not even seen: it would enter batch norm's statistics
            own = _take(batches, config, done)
            part = parts[own[0].dataset]
            factor = rate_factor(iteration, config.iterations, adam.warmup, adam.drops)
            rate = adam.lr * part.lr * factor
            set_learning_rate(optimizer, rate)
            losses = add_gradients(
                parallel_network, network, part, own, config.precision, ranks.device
            )
            norm = nn.utils.clip_grad_norm_(parameters, adam.clip_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if run.average is not None:
                run.average.update(network, done)
            files = tuple(file for batch in own for file in batch.files)
            guard.watch(done, part.name, files, losses[0], norm)
            log.add(done, own[0].dataset, losses, norm, rate)
        validation = config.validation
        validated = validation is not None and done % validation.every == 0
        if validated or done % config.checkpoint_every == 0 or done == config.iterations:
            guard.settle()
            save(done)  # before a validation, so that the run resumes there if that is interrupted
            if validate(done):
                return done
    return config.iterations


def _take(batches: Iterator[Batch], config: TrainConfig, done: int) -> list[Batch]:
    """The batches of the iteration after which `done` are finished."""
    try:
        return list(islice(batches, config.accumulate))
    except InputError as error:
        raise InputError(
            f"{error.message}. To go on without iteration {done}, whose batch has this image: "
            f"{skip_option(config.skip, done)}",
            file=error.file, record=error.record, field=error.field,
        ) from None  # fmt: skip


def add_gradients(
    run: nn.Module,
    network: DaTaSeg,
    part: Part,
    batches: Sequence[Batch],
    precision: str,
    device: torch.device,
) -> torch.Tensor:
    """Add the gradient of an iteration's batches to the parameters: that of all of them as one.

    Args:
        run: The network as `parallel` made it.
        network: The network itself.
        part: The data set that all batches are of.
        batches: This process's, on the host.
        precision: `fp32` or `bf16`.
        device: Of the network.

    Returns:
        (5,) float, the losses in the order of `Losses`, detached.
    """
    batches = [batch.to(device) for batch in batches]
    modules = network.config.dataset_modules
    proposals = network.config.num_queries + (modules.num_queries if modules is not None else 0)
    gt_counts = [count for batch in batches for count in batch.targets.counts]
    counts = batch_counts(gt_counts, proposals, device)
    sums: list[torch.Tensor] = []
    for number, batch in enumerate(batches):
        # Processes exchange gradients once, with the last batch's.
        exchange: Any = nullcontext()
        if isinstance(run, DistributedDataParallel) and number + 1 < len(batches):
            exchange = run.no_sync()
        with exchange:
            with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16"):
                outputs = run(batch.images, part.text_embeddings, batch.sizes, part.dataset_index)
                losses = training_losses(
                    outputs, batch.targets, part.task, part.is_thing, part.weights, counts
                )
            losses.total.backward()
        sums.append(_as_row(losses))
    return torch.stack(sums).sum(0)


def parallel(network: DaTaSeg, ranks: Ranks, compiled: bool) -> nn.Module:
    """The network compiled and, of several processes, joined with the others'."""
    if ranks.count > 1 and ranks.device.type == "cuda":
        # Without it each process would have batch statistics of its own few images. PyTorch's own
        # conversion would drop the activations that timm's norms contain.
        convert_sync_batchnorm(network)
    run: Any = torch.compile(network) if compiled else network
    if ranks.count == 1:
        return run
    devices = None if ranks.device.index is None else [ranks.device.index]
    # A data set's own modules have no gradient in the other data sets' iterations; anything else
    # always has one.
    unused = network.config.dataset_modules is not None
    return DistributedDataParallel(run, device_ids=devices, find_unused_parameters=unused)


def seed_iteration(seed: int, iteration: int, rank: int) -> None:
    """Make what the network draws (dropout, drop path) a function of these three."""
    torch.manual_seed(int(np.random.SeedSequence([seed, iteration, rank]).generate_state(1)[0]))


def _check_batch(config: TrainConfig, ranks: Ranks, source: str) -> None:
    if config.batch_size % (ranks.count * config.accumulate):
        raise InputError(
            f"must be a multiple of {ranks.count} processes × {config.accumulate} parts",
            file=source,
            field="batch_size",
        )


def _keep_inputs(config: TrainConfig, base: Path, folder: Path) -> None:
    """Check that no file that the run starts from is one that it writes."""
    read = (config.start, config.backbone_weights, config.text.file)
    inputs = [base / file for file in read if file is not None]
    for name in (MODEL_FILE, BEST_FILE, TEXT_FILE):
        refuse_overwriting({"--out": folder / name}, inputs)


def _as_row(losses: Losses) -> torch.Tensor:
    return torch.stack([value.detach() for value in vars(losses).values()])
