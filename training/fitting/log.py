"""The log of a training: one row an epoch, as CSV and, where asked for, as TensorBoard events."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

LOG_SUFFIX = ".training.csv"  # beside ``lightbox.keras`` lies ``lightbox.training.csv``


@dataclass(frozen=True)
class Row:
    """One epoch of one network.

    Attributes
    ----------
    network : str
        ``fold-1`` and so on, or ``model``.
    epoch : int
        From 1.
    loss : float
        Mean training loss in nats, while the weights were still changing.
    learning_rate : float
        Of the epoch's last step.
    validation_loss, validation_auroc : float or None
        On films that the network does not learn from; None where it has none, and where nothing can be measured.
    seconds : float
        Wall-clock time of the epoch without its validation.
    films_per_second : float
        Films learned from.
    """

    network: str
    epoch: int
    loss: float
    learning_rate: float
    validation_loss: float | None
    validation_auroc: float | None
    seconds: float
    films_per_second: float


def log_text(rows: Iterable[Row]) -> str:
    """Give rows as CSV with a header; what is None stays blank."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [one.name for one in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return stream.getvalue()


def validation_losses(rows: Iterable[Row]) -> list[float]:
    """Give the validation losses of the rows that have one."""
    return [row.validation_loss for row in rows if row.validation_loss is not None]


def tensorboard(folder: Path) -> Callable[[Row], None]:
    """Give a function that writes a row as TensorBoard events, one run a network.

    The events are those of TensorFlow's own writer; the package tensorboard is needed to look at them only.
    """
    from xai.backend import tf

    writers: dict[str, tf.summary.SummaryWriter] = {}

    def write(row: Row) -> None:
        if row.network not in writers:
            writers[row.network] = tf.summary.create_file_writer(str(folder / row.network))
        with writers[row.network].as_default(row.epoch):
            for name, value in asdict(row).items():
                if isinstance(value, float):
                    one = tf.compat.v1.Summary.Value(tag=name, simple_value=value)
                    tf.summary.experimental.write_raw_pb(tf.compat.v1.Summary(value=[one]).SerializeToString())
        writers[row.network].flush()

    return write
