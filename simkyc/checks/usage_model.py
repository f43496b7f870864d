"""What does the trained model say of a number's use?

Reasons: `usage_model.suspend`, `.remind`.
Units: the share of honest numbers that score as high, in the model's training; probability of fraud, 0 to 1.
Source: the model and its training data, named in the finding; bands are house rules.
A score in the stricter band is not said in the weaker one too. The features that drove it stand in the finding.
A false alarm costs one honest number in 1,000 its service until it is verified, and one in 50 a text message; a miss
leaves to the rules what they do not see.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> usage = number_usage(scored={"probability": 0.98, "false_positive_rate": 0.001})
>>> [(finding.state.value, finding.cause) for finding in check(usage, Policy.default())]
[('flagged', None), ('passed', 'stricter_band')]
"""

from __future__ import annotations

from simkyc.checks.answers import answer
from simkyc.checks.signs import all_unknown
from simkyc.policy import Policy
from simkyc.usage.number import NumberUsage
from simkyc.usage.scored import Scored, band_of
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

BANDS = ("suspend", "remind")


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """Find the band of the score."""
    scored = usage.scored
    if scored is None:
        return all_unknown("usage_model", BANDS, "no_model")
    if not scored.known:
        return all_unknown("usage_model", BANDS, "nothing_known")
    rates = {"suspend": policy.usage_model.suspend.value, "remind": policy.usage_model.remind.value}
    band, evidence = band_of(scored.false_positive_rate, rates), _evidence(scored)
    return tuple(
        answer(
            f"usage_model.{name}",
            holds=band == name,
            cause="stricter_band" if name == "remind" and band == "suspend" else None,
            observed=scored.false_positive_rate,
            limit=rates[name],
            unit="share of honest numbers that score as high",
            data_as_of=usage.until,
            evidence=evidence,
        )
        for name in BANDS
    )


def _rate(scored: Scored) -> tuple[Evidence, ...]:
    rate = scored.false_positive_rate
    return () if rate is None else (Evidence(name="false_positive_rate", value=rate),)


def _evidence(scored: Scored) -> tuple[Evidence, ...]:
    return (
        Evidence(name="model_id", value=scored.model_id),
        Evidence(name="probability", value=round(scored.probability, 4)),
        *_rate(scored),
        Evidence(name="features_known", value=float(scored.known), unit=f"of {scored.of}"),
        *(
            Evidence(
                name=driver.feature,
                value="not known" if driver.value is None else driver.value,
                unit=driver.unit or None,
            )
            for driver in scored.drivers
        ),
    )
