"""Do the numbers of one line agree, and the two IMEIs of one phone? Hints for whoever judges, never a refusal.

Operators. The issuer code of the ICCID and the network code of the IMSI are written into one card by one
operator: when both are known and differ, one of them was misread or belongs to another card. The range of the
MSISDN was given to an operator too, but since 2019-12-01 a number may move to another (携号转网) and keep its
range, so a range that differs is only worth a look. Ranges of virtual operators and numbers from abroad say
nothing here: a virtual operator may change the network that carries it [R].

Two IMEIs. GSMA TS.37 knows phones with one IMEI and several cards, and phones with an IMEI for each card [V].
How the two are chosen is left to the maker. Ten pairs found in public code and logs [S]:

    Xiaomi, Redmi, others    6 pairs    one TAC, serial numbers one apart
    Apple                    3 pairs    one TAC, serial numbers thousands apart
    Samsung                  1 pair     two TACs, the same serial number

So one TAC is plausible whatever the serial numbers, and so is one serial number under two TACs; both different
is `unusual`. No published rule forbids it: it says "read both again", not "this is no phone".

An EID names a chip and nothing of the phone around it, and no public table joins the two: whether an EID
belongs to a device, only what was recorded earlier can say.

A difference taken for a fault sends an honest customer away, which is why nothing here refuses; one passed
over is found when the network reports the IMEI and IMSI in use.

>>> said = operators('89860112345678901237', '460011234567890', '13800138000')
>>> said.iccid, said.imsi, said.msisdn
('china_unicom', 'china_unicom', 'china_mobile')
>>> said.card_differs, said.range_differs
(False, True)
>>> operators('89860112345678901237', '460991234567890', '17112345678')
Operators(iccid='china_unicom', imsi=None, msisdn=None)
>>> dual_sim('352099001761481', '352099001761499'), dual_sim('352099001761481', '3520990017614823')
('plausible', 'same')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from simkyc.numbers import imei as imei_number
from simkyc.numbers import imsi as imsi_number
from simkyc.numbers import msisdn as msisdn_number
from simkyc.numbers.iccid import issuer
from simkyc.numbers.operators import Operator

__all__ = ["DualSim", "Operators", "dual_sim", "operators"]

DualSim = Literal["same", "plausible", "unusual"]


@dataclass(frozen=True, slots=True)
class Operators:
    """What each number of a line says of the operator; None where it says nothing."""

    iccid: Operator | None
    imsi: Operator | None
    msisdn: Operator | None

    @property
    def card_differs(self) -> bool | None:
        """Whether ICCID and IMSI name two operators; None unless both name one."""
        if self.iccid is None or self.imsi is None:
            return None
        return self.iccid != self.imsi

    @property
    def range_differs(self) -> bool | None:
        """Whether the MSISDN's range is another operator's than the card's, a hint only: numbers are ported.

        None where the range says nothing, or the card nothing or two things.
        """
        card = self.imsi or self.iccid
        if card is None or self.msisdn is None or self.card_differs:
            return None
        return self.msisdn != card


def operators(iccid: str, imsi: str, msisdn: str) -> Operators:
    """What the three numbers of a line say of its operator.

    Raises:
        NumberError: As `validate` of the three modules.
    """
    virtual = msisdn_number.is_virtual(msisdn)
    return Operators(
        iccid=issuer(iccid),
        imsi=imsi_number.operator(imsi),
        msisdn=None if virtual else msisdn_number.operator(msisdn),
    )


def dual_sim(imei: str, imei2: str) -> DualSim:
    """Whether two IMEIs (or IMEISVs) may be those of one phone with two cards; the order does not matter.

    Returns:
        `same` for one number given twice, `plausible` for one TAC or one serial number, otherwise `unusual`,
        which is advice to read both again.

    Raises:
        NumberError: As `validate` of the IMEI.
    """
    one, other = imei_number.equipment(imei), imei_number.equipment(imei2)
    if one == other:
        return "same"
    return "plausible" if one[:8] == other[:8] or one[8:] == other[8:] else "unusual"
