"""How well messages are told apart, as they are and disguised, and how fast they are read.

Real messages are those caught from false base stations (Cypher-Z/FBS_SMS_Dataset, CCS 2020), in the folder that the
environment variable SIMKYC_USAGE names or in `shared/usage` beside the checkout; without them, drawn ones show that the
table can be made.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import opencc
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from bench.run import Run, Size
from bench.table import Result, Table, at_least
from simkyc.history.keys import Keyring
from simkyc.usage.messages.classes import CLASSES
from simkyc.usage.messages.figures import message_figures
from simkyc.usage.messages.lexicon import Lexicon
from simkyc.usage.messages.model import MessageModel, buckets
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.reader import TextReader
from simkyc.usage.messages.skeleton import read_as
from simkyc.usage.messages.table import LabelledMessages, read_messages
from simkyc.usage.messages.training import train_messages
from simkyc.usage.model_file import Figure

__all__ = ["DISGUISES", "disguised", "drawn_messages", "messages_file", "usage_messages"]

Places = NDArray[np.int64]
FRAUD, ADVERTISING = CLASSES.index("fraud"), CLASSES.index("advertising")
TARGET_SPEED = 20_000

_EMOJI = "🔥❤★♥✿●🌟💰"
_CYRILLIC = str.maketrans("aeocpxyi", "аеосрхуі")
_SWAPPED = str.maketrans("单发钱对价经会验证银", "単發銭対価経會験證銀")


def messages_file() -> Path | None:
    """The file of messages; None where there is none."""
    named = os.environ.get("SIMKYC_USAGE")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "usage"
    file = folder / "sms_fbs_dev.csv"
    return file if file.is_file() else None


# --- disguises ---


def _spaced(text: str, _: random.Random) -> str:
    return _between(text, lambda: " ")


def _strewn(text: str, chance: random.Random) -> str:
    return _between(text, lambda: chance.choice(_EMOJI) if chance.random() < 0.6 else "")


def _hidden(text: str, chance: random.Random) -> str:
    return _between(text, lambda: "\u200b" if chance.random() < 0.6 else "")


def _look_alike(text: str, _: random.Random) -> str:
    """Look-alikes of small letters and of some characters; capitals are masks of the data and stay."""
    return text.translate(_CYRILLIC).translate(_SWAPPED)


def _traditional(text: str, _: random.Random) -> str:
    return str(_converter().convert(text))


def _all(text: str, chance: random.Random) -> str:
    return _strewn(_look_alike(_traditional(text, chance), chance), chance)


def _between(text: str, sign: Callable[[], str]) -> str:
    """A sign after each ideograph."""
    return "".join(one + sign() if "\u3400" <= one <= "\u9fff" else one for one in text)


@cache
def _converter() -> Any:
    return opencc.OpenCC("s2t")


DISGUISES: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "spaces": _spaced,
    "emoji": _strewn,
    "zero-width": _hidden,
    "look-alikes": _look_alike,
    "traditional": _traditional,
    "all of these": _all,
}


def disguised(texts: Sequence[str], name: str, *, seed: int = 0) -> list[str]:
    """The texts as one who avoids a filter writes them."""
    chance = random.Random(seed)
    return [DISGUISES[name](text, chance) for text in texts]


# --- what is compared ---


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    macro: Figure | None
    fraud: Figure
    on_advertising: Figure
    on_other: Figure
    disguised: dict[str, float]


Predict = Callable[[Sequence[str]], Places]
Trained = Callable[[LabelledMessages], Predict]


def _simkyc(table: LabelledMessages) -> Predict:
    model = MessageModel(train_messages(table, name="bench", sha256="0" * 64))
    return lambda texts: np.array(
        [CLASSES.index(one) for one in model.classify([read_as(normalised(text).text) for text in texts])]
    )


def _without_ordinary(table: LabelledMessages) -> Predict:
    model = MessageModel(train_messages(table, name="bench", sha256="0" * 64, ordinary=False))
    return lambda texts: np.array(
        [CLASSES.index(one) for one in model.classify([read_as(normalised(text).text) for text in texts])]
    )


def _naive(table: LabelledMessages) -> Predict:
    """What a first attempt is: pairs of characters as they stand, TF-IDF, logistic regression."""
    seen = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True, lowercase=False)
    made = LogisticRegression(C=100, class_weight="balanced", max_iter=300).fit(
        seen.fit_transform(table.texts), table.label
    )
    return lambda texts: np.asarray(made.predict(seen.transform(texts)), dtype=np.int64)


def _boosted(iterations: int) -> Trained:
    """LightGBM over the same buckets, those that 20 texts or more have."""

    def counted(texts: Sequence[str]) -> sparse.csr_matrix:
        rows, places = buckets([read_as(normalised(text).text) for text in texts], (1, 2), 17)
        made = sparse.coo_matrix((np.ones(rows.size), (rows, places)), shape=(len(texts), 2**17)).tocsr()
        made.sum_duplicates()
        return made

    def trained(table: LabelledMessages) -> Predict:
        counts = counted(table.texts)
        known = np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) >= 20)
        asked = {"objective": "multiclass", "num_class": 4, "learning_rate": 0.1, "num_leaves": 31}
        asked |= {
            "feature_fraction": 0.3,
            "min_data_in_leaf": 5,
            "lambda_l2": 1.0,
            "verbosity": -1,
            "num_threads": 1,
        }
        data = lgb.Dataset(counts[:, known], table.label.astype(np.float64), params={"verbosity": -1})
        made = lgb.train(asked, data, num_boost_round=iterations)
        return lambda texts: np.asarray(made.predict(counted(texts)[:, known]), dtype=np.float64).argmax(
            axis=1
        )

    return trained


def _lexicon(_: LabelledMessages) -> Predict:
    lexicon = Lexicon.default()

    def predict(texts: Sequence[str]) -> Places:
        hits = lexicon.hits([normalised(text) for text in texts])
        return np.array([CLASSES.index(one.category or "other") for one in hits])

    return predict


def usage_messages(run: Run) -> Table:
    """Classifiers of messages on messages that they have not seen, and on the same in disguise."""
    file = None if run.size is Size.TINY else messages_file()
    table = drawn_messages() if file is None else read_messages(file)
    folds = list(
        StratifiedGroupKFold(run.pick(2, 2, 5), shuffle=True, random_state=1).split(
            np.zeros(table.label.size), table.label, table.group
        )
    )
    written = {name: disguised(table.texts, name) for name in DISGUISES}
    sides: dict[str, Trained] = {
        "simkyc: normalised, linear": _simkyc,
        "the same without simkyc's ordinary messages": _without_ordinary,
        "LightGBM over the same buckets": _boosted(run.pick(5, 40, 120)),
        "TF-IDF of the text as it stands, linear": _naive,
        "the lexicon alone (no advertising)": _lexicon,
    }
    rows = [
        _measured(name, sides[name], table, folds, written) for name in run.track(list(sides), "messages")
    ]
    best, naive, lexicon = rows[0], rows[3], rows[4]
    model = MessageModel(train_messages(table, name="bench", sha256="0" * 64))
    speed, alone = _speed(table.texts, model), _speed(table.texts, None)
    precision, recall = _templates(table)
    alarms, told = _evasive(table, written)
    hit = _precision(table)
    counts = ", ".join(f"{int((table.label == place).sum()):,} {name}" for place, name in enumerate(CLASSES))
    source = (
        "Messages caught from false base stations, contacts and names masked (FBS, CCS 2020)"
        if file is not None
        else "Drawn messages, not real ones"
    )
    hardest = min(best.disguised.values())
    return Table(
        title="Messages: four classes, fraud, and disguises",
        compared=(
            f"{source}: {counts}. Each classifier is trained on {len(folds) - 1} of {len(folds)} parts and measured "
            "on the other, in turn; near-duplicates are never on both sides, and thresholds and calibration are chosen "
            "within the training parts. Only measured texts are disguised. 95% intervals by bootstrap over groups."
        ),
        columns=(
            "what",
            "macro-F1",
            "fraud F1",
            "advertising taken for fraud",
            "other taken for fraud",
            *(f"fraud F1: {name}" for name in DISGUISES),
        ),
        rows=tuple(
            (
                one.name,
                "–" if one.macro is None else _text(one.macro),
                _text(one.fraud),
                _text(one.on_advertising),
                _text(one.on_other),
                *(f"{value:.3f}" for value in one.disguised.values()),
            )
            for one in rows
        ),
        results=(
            at_least(
                "fraud F1 in the worst disguise, against that of TF-IDF of the text as it stands",
                hardest,
                min(naive.disguised.values()),
            ),
            at_least(
                "messages read per second on one core, with a model",
                speed,
                TARGET_SPEED,
                written=f"{speed:,.0f}",
            ),
            Result("messages read per second on one core, lexicon alone", f"{alone:,.0f}"),
            Result("pairs of one template that are near-duplicates (precision)", f"{precision:.3f}"),
            Result("pairs of near-duplicates that have one template (recall)", f"{recall:.3f}"),
            Result("advertising and other said to be disguised", f"{alarms:.4f}"),
            Result(
                "said to be disguised of the disguised",
                ", ".join(f"{name} {share:.3f}" for name, share in told.items()),
            ),
            Result("of what the lexicon says is fraud or illegal, so labelled", f"{hit:.3f}"),
            Result("lexicon alone, fraud F1", _text(lexicon.fraud)),
            Result("size of the model's file", f"{len(model.file.to_bytes()) / 2**20:.1f} MiB"),
        ),
        note=(
            "The data has 62 texts of the class other, so its column is coarse, and what the class means here "
            "(weather, notices, a few chats) is no picture of what ordinary telephones get: simkyc's own "
            "ordinary messages are learnt beside the table and never measured. Paid orders (刷单) are labelled "
            "advertising in the data and fraud in the lexicon. Near-duplicates are those that the data joins; "
            "one group of 198 texts makes more than half of its pairs. No sender is told in the data, so "
            "templates are compared over all of it. Speed is of different texts, in processor time: a text "
            "that is met again is read once."
        ),
    )


def _measured(
    name: str,
    trained: Trained,
    table: LabelledMessages,
    folds: Sequence[tuple[Places, Places]],
    written: dict[str, list[str]],
) -> _Row:
    found = np.zeros(table.label.size, dtype=np.int64)
    hidden = {one: np.zeros(table.label.size, dtype=np.int64) for one in written}
    for others, rows in folds:
        predict = trained(_part(table, others))
        found[rows] = predict([table.texts[row] for row in rows])
        for one, texts in written.items():
            hidden[one][rows] = predict([texts[row] for row in rows])
    figures = message_figures(None, found, table.label, table.group)
    return _Row(
        name,
        None if trained is _lexicon else figures["macro_f1"],
        figures["f1_fraud"],
        figures["taken_for_fraud_advertising"],
        figures["taken_for_fraud_other"],
        {
            one: message_figures(None, said, table.label, table.group)["f1_fraud"].value
            for one, said in hidden.items()
        },
    )


def _part(table: LabelledMessages, rows: Places) -> LabelledMessages:
    group = np.unique(table.group[rows], return_inverse=True)[1]
    return LabelledMessages(
        tuple(table.texts[row] for row in rows), table.label[rows], group.astype(np.int64)
    )


def _speed(texts: Sequence[str], model: MessageModel | None) -> float:
    """The better of two readings; processor time, for others are at work on the machine too."""
    reader = TextReader(Keyring(bytes(32)), model=model)
    taken = []
    for _ in range(2):
        before = time.process_time()
        reader.read(texts)
        taken.append(time.process_time() - before)
    return len(set(texts)) / max(min(taken), 1e-9)


def _templates(table: LabelledMessages) -> tuple[float, float]:
    keys = [one.template for one in TextReader(Keyring(bytes(32))).read(table.texts)]
    groups = table.group.tolist()
    both = _pairs([(key, group) for key, group in zip(keys, groups, strict=True) if key is not None])
    same = _pairs([key for key in keys if key is not None])
    return both / max(same, 1), both / max(_pairs(groups), 1)


def _pairs(keys: Sequence[Any]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(keys).values())


def _evasive(table: LabelledMessages, written: dict[str, list[str]]) -> tuple[float, dict[str, float]]:
    """Ordinary texts as they stand, and fraud in each disguise."""
    reader = TextReader(Keyring(bytes(32)))
    ordinary = [text for text, label in zip(table.texts, table.label, strict=True) if label >= ADVERTISING]
    alarms = float(np.mean([one.is_evasive for one in reader.read(ordinary)]))
    told = {}
    for name, texts in written.items():
        fraud = [
            new
            for new, old, label in zip(texts, table.texts, table.label, strict=True)
            if label == FRAUD and new != old
        ]
        told[name] = float(np.mean([one.is_evasive for one in reader.read(fraud)])) if fraud else 0.0
    return alarms, told


def _precision(table: LabelledMessages) -> float:
    hits = Lexicon.default().hits([normalised(text) for text in table.texts])
    said = [
        label < ADVERTISING for one, label in zip(hits, table.label, strict=True) if one.category is not None
    ]
    return float(np.mean(said)) if said else 0.0


def _text(figure: Figure) -> str:
    interval = "" if figure.low is None else f" ({figure.low:.3f} to {figure.high:.3f})"
    return f"{figure.value:.3f}{interval}"


# --- drawn messages ---

_DRAWN: Final = {
    "fraud": (
        "尊敬的用户您的{a}将于今日失效请登录URL{b}",
        ("网银", "手机银行", "密码器", "信用卡"),
        ("激活", "升级", "办理", "更新"),
    ),
    "illegal": (
        "{a}各行业{b}联系CELLPHONE",
        ("代开", "出售", "优惠代开", "长期代开"),
        ("发票", "增值税发票", "餐饮发票", "建筑发票"),
    ),
    "advertising": (
        "{a}周年庆全场{b}欢迎光临退订回t",
        ("商场", "家具城", "超市", "服装店"),
        ("五折起", "满减", "买一送一", "特价"),
    ),
    "other": (
        "{a}明天{b}请大家互相转告",
        ("家长们", "同学们", "各位邻居", "同事们"),
        ("上午开会", "下午停水", "有阵雨", "放假一天"),
    ),
}


def drawn_messages(count: int = 200, seed: int = 0) -> LabelledMessages:
    """Messages that nobody sent, of a known rule."""
    chance = random.Random(seed)
    texts, labels, groups = [], [], []
    for row in range(count):
        place = row % len(CLASSES)
        pattern, firsts, seconds = _DRAWN[CLASSES[place]]
        first, second = chance.randrange(len(firsts)), chance.randrange(len(seconds))
        texts.append(pattern.format(a=firsts[first], b=seconds[second]) + "啊呀哦嗯哈"[chance.randrange(5)])
        labels.append(place)
        groups.append(place * 16 + first * 4 + second)
    return LabelledMessages(
        tuple(texts),
        np.array(labels, dtype=np.int8),
        np.unique(groups, return_inverse=True)[1].astype(np.int64),
    )
