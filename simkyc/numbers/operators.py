"""The Chinese network operators, named alike for ICCID, IMSI and MSISDN so that the three can be compared.

Virtual operators sell under their own brand on one of these networks; the network is what is named here.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["Operator"]

Operator = Literal["china_mobile", "china_unicom", "china_telecom", "china_broadnet"]
