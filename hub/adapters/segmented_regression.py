"""Segmented regression of monthly counts, computed by statsmodels, which comes with `pip install vig-hub[evaluation]`."""

import warnings
from collections.abc import Sequence
from math import exp, sqrt
from typing import Any

from hub.adapters.extra import needed
from hub.domain.evaluation import Coefficient, Course, Month, Ratio, design, lags


def course(months: Sequence[Month]) -> Course:
    """How counts changed: a Poisson regression with a level and a trend for each part, and months of families as exposure.

    Of two errors the wider is told: that of Newey and West (1987), which holds where months hang together but is too narrow for few
    months, and that of Poisson, widened as far as counts vary more (McCullagh and Nelder, 1989). Months must not be too few
    (`too_little`).

    Raises:
        Unavailable: statsmodels is not installed.
    """
    rows, exposure = design(months), [month.exposure for month in months]
    found, errors = _fitted([month.signals for month in months], rows, exposure)
    sure = float(needed("scipy.stats").t.ppf(0.975, len(rows) - len(rows[0])))
    ratios = [
        Ratio(of, exp(at), exp(at - sure * error), exp(at + sure * error))
        for of, at, error in zip(Coefficient, found.params[1:], errors[1:], strict=False)
    ]
    modelled = [count / known for count, known in zip(found.mu, exposure, strict=True)]
    return Course(months, ratios, modelled, [exp(found.params[0] + found.params[1] * row[1]) for row in rows])


def _fitted(counts: Sequence[int], rows: Sequence[Sequence[float]], exposure: Sequence[float]) -> tuple[Any, list[float]]:
    """What fits best, and the error of each coefficient."""
    statsmodels = needed("statsmodels.api")
    model = statsmodels.GLM(counts, rows, family=statsmodels.families.Poisson(), exposure=exposure)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", needed("statsmodels.tools.sm_exceptions").PerfectSeparationWarning)
        found = model.fit()
        together = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags(len(rows)), "use_correction": True})
    wider = sqrt(max(found.pearson_chi2 / found.df_resid, 1.0))
    return found, [max(one, other * wider) for one, other in zip(together.bse, found.bse, strict=True)]
