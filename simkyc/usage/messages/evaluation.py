"""What a reader of messages is worth on labelled texts that it has not seen."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from simkyc.application import Model
from simkyc.reverification.shares import Share, share_of
from simkyc.usage.messages.classes import CLASSES
from simkyc.usage.messages.figures import message_figures
from simkyc.usage.messages.lexicon import Lexicon
from simkyc.usage.messages.model import MessageModel
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.skeleton import read_as
from simkyc.usage.messages.table import LabelledMessages
from simkyc.usage.model_file import Figure

__all__ = ["MessageEvaluation", "evaluate_messages"]


class MessageEvaluation(Model):
    """The figures.

    Attributes:
        model_id: Of the model; None where the lexicon alone was asked.
        lexicon_id: Of the lexicon.
        texts: How many of each class.
        classifier: Figures of the classifier by name; empty without one.
        taken_for: How many of each class (the first key) the classifier takes for each (the second).
        lexicon_right: Of the texts for which the lexicon says fraud or illegal, those that are one of the two.
        lexicon_found: Of each class, the texts that an entry hits.
        evasive: Of each class, the texts that are disguised.
    """

    model_id: str | None
    lexicon_id: str
    texts: dict[str, int]
    classifier: dict[str, Figure] = Field(default_factory=dict)
    taken_for: dict[str, dict[str, int]] = Field(default_factory=dict)
    lexicon_right: Share
    lexicon_found: dict[str, Share]
    evasive: dict[str, Share]


def evaluate_messages(
    table: LabelledMessages, *, model: MessageModel | None, lexicon: Lexicon, seed: int = 0
) -> MessageEvaluation:
    """Read a labelled table and compare; nothing is learnt from it.

    Args:
        table: Labelled.
        model: None where the lexicon alone is asked.
        lexicon: Asked beside it.
        seed: Of the bootstrap.
    """
    read = [normalised(text) for text in table.texts]
    hits = lexicon.hits(read)
    hit = np.array([one.category is not None for one in hits])
    evasive = np.array([one.is_evasive or told.undone for one, told in zip(read, hits, strict=True)])
    figures: dict[str, Figure] = {}
    taken: dict[str, dict[str, int]] = {}
    if model is not None:
        texts = [read_as(one.text) for one in read]
        found = np.array([CLASSES.index(one) for one in model.classify(texts)])
        figures = message_figures(model.probabilities(texts), found, table.label, table.group, seed=seed)
        taken = {
            name: {
                other: int(((table.label == row) & (found == at)).sum()) for at, other in enumerate(CLASSES)
            }
            for row, name in enumerate(CLASSES)
        }
    bad = table.label < CLASSES.index("advertising")
    by_class = [(name, table.label == place) for place, name in enumerate(CLASSES)]
    return MessageEvaluation(
        model_id=None if model is None else model.model_id,
        lexicon_id=lexicon.lexicon_id,
        texts={name: int(rows.sum()) for name, rows in by_class},
        classifier=figures,
        taken_for=taken,
        lexicon_right=share_of(int((hit & bad).sum()), int(hit.sum())),
        lexicon_found={name: share_of(int(hit[rows].sum()), int(rows.sum())) for name, rows in by_class},
        evasive={name: share_of(int(evasive[rows].sum()), int(rows.sum())) for name, rows in by_class},
    )
