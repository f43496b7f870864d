"""Reads texts and forgets them: what stays is a keyed hash, a class, names of entries and flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simkyc.history.keys import Keyring
from simkyc.usage.messages.lexicon import Lexicon
from simkyc.usage.messages.model import MessageModel
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.skeleton import read_as
from simkyc.usage.messages.templates import templates
from simkyc.usage.read_message import Category, ReadMessage

__all__ = ["TextReader"]

AT_ONCE: Final = 4_096
"""Different texts that are held and read together."""


class TextReader:
    """Reads messages with a lexicon, and a classifier where there is one. It is safe to share between threads.

    It keeps no text: nothing is remembered from one call to the next.
    """

    __slots__ = ("_keyring", "_lexicon", "_model")

    def __init__(
        self, keyring: Keyring, lexicon: Lexicon | None = None, model: MessageModel | None = None
    ) -> None:
        """Take what reads.

        Args:
            keyring: Of the deployment, for templates.
            lexicon: None for the one that simkyc brings along.
            model: None where the lexicon alone reads.

        Raises:
            InputError: opencc is not installed.
        """
        self._keyring = keyring
        self._lexicon = Lexicon.default() if lexicon is None else lexicon
        self._model = model

    @property
    def classifier(self) -> str | None:
        """Identifier of the classifier; None where the lexicon alone reads."""
        return None if self._model is None else self._model.model_id

    @property
    def lexicon_id(self) -> str:
        """Identifier of the lexicon."""
        return self._lexicon.lexicon_id

    def read(self, texts: Sequence[str]) -> list[ReadMessage]:
        """Each text in turn, in the same order; of any text there is an answer, the empty one included.

        >>> reader = TextReader(Keyring(b"a secret of 16 bytes or more"))
        >>> message = reader.read(["【快递】您的包裹破损，理赔请加微信：abc12345"])[0]
        >>> message.category, message.lexicon, message.has_contact, message.is_evasive
        ('fraud', ('courier_refund',), True, False)
        """
        every = list(dict.fromkeys(texts))
        found: dict[str, ReadMessage] = {}
        for start in range(0, len(every), AT_ONCE):
            part = every[start : start + AT_ONCE]
            found.update(zip(part, self._read(part), strict=True))
        return [found[text] for text in texts]

    def _read(self, texts: Sequence[str]) -> list[ReadMessage]:
        read = [normalised(text) for text in texts]
        keys = templates([one.text for one in read], self._keyring)
        hits = self._lexicon.hits(read)
        categories: Sequence[Category | None] = [one.category for one in hits]
        if self._model is not None:
            categories = self._model.classify([read_as(one.text) for one in read])
        return [
            ReadMessage(
                template=key,
                category=category,
                lexicon=hit.names,
                has_link=one.has_link,
                has_contact=one.has_contact,
                is_evasive=one.is_evasive or hit.undone,
            )
            for one, key, hit, category in zip(read, keys, hits, categories, strict=True)
        ]
