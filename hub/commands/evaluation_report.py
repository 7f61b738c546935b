"""The report of an evaluation: sections with words, a picture and its table; what is counted is told by fives, as in Insight."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from hub.adapters.segmented_regression import course
from hub.commands.evaluation_picture import bars, line
from hub.console.parts import Both
from hub.console.rooms.insight import FORMER, RESULTS, STAGES, STEPS, WHY
from hub.console.tables import Table
from hub.domain.evaluation import (
    A_MONTH,
    Between,
    Coefficient,
    Course,
    Family,
    Month,
    Part,
    Ratio,
    Told,
    days_between,
    followed,
    series,
    share,
    too_little,
    usable,
)
from hub.domain.instruments import Instrument
from hub.domain.words import LifeArea
from hub.projections.insight.coming import FORMER as FORMER_MONTHS
from hub.projections.insight.fives import FIVE, by_month, over, percentile, rounded, together
from hub.projections.insight.months import month_of

Word = Callable[[str, str], Both]
Picture = Callable[[str], str]
"""Draws in a language, as SVG."""
_SIXTEEN = sum(FORMER_MONTHS.values())
_FEW = Both("minder dan 5", "fewer than 5")
_TOO_FEW = Both("te weinig om te zeggen", "too few to say")
_NOTHING = Both("", "")
_WHAT, _TOGETHER, _FAMILIES = Both("wat", "what"), Both("samen", "together"), Both("gezinnen", "families")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report; `drawn` is what its picture shows, in words, and what that shows stands in the table."""

    title: Both
    words: Sequence[Both] = ()
    picture: Picture | None = None
    drawn: Both = _NOTHING
    tables: Sequence[Table] = ()


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who is evaluated: families that came into view in these months."""

    families: Sequence[Family]
    months: Sequence[str]

    @property
    def started(self) -> list[Family]:
        """Those whose trajectory started."""
        return [one for one in self.families if one.started]


def sections(cohort: Cohort, instruments: Sequence[Instrument], word: Word) -> list[Section]:
    """Everything that can be told of a cohort; what cannot be is said to be so."""
    if len(cohort.families) < FIVE:
        return [Section(Both("Te weinig gezinnen", "Too few families"), [_NOBODY]), _limits(), _method()]
    return [
        _attention(cohort),
        _process(cohort, word),
        _early(cohort, word),
        _waiting(cohort),
        _goals(cohort, word),
        _effect(cohort),
        *_signals_of_each(cohort, word),
        _measured(cohort, instruments),
        _limits(),
        _method(),
    ]


_NOBODY = Both(
    "In deze maanden kwamen minder dan vijf gezinnen in beeld. Over zo weinig gezinnen zegt dit verslag niets: ieder getal zou "
    "over een herkenbaar gezin gaan, en geen uitkomst zou zeker zijn.",
    "In these months fewer than five families came into view. Of so few this report says nothing: every number would be about a "
    "family that can be recognised, and no outcome would be certain.",
)

# The process ---------------------------------------------------------------------------------------------


def _furthest(one: Family) -> str:
    """How far a family came, or why it was not referred."""
    for stage, at in (("started", one.started), ("decided", one.decided), ("referred", one.referred), ("ended-early", one.ended)):
        if at:
            return stage
    return "nobody-referred" if one.met else "criteria-not-met"


_FAR = ("referred", "decided", "started")


def _came(cohort: Cohort) -> dict[str, Counter[str]]:
    """By month of coming into view: how far families came, and how many met the criteria."""
    found: dict[str, Counter[str]] = {}
    for one in cohort.families:
        for name in (_furthest(one), *(["criteria-met"] if one.met else [])):
            found.setdefault(name, Counter())[month_of(one.came)] += 1
    return found


def _stages(came: Mapping[str, Counter[str]], months: Sequence[str]) -> dict[str, int | None]:
    """Families that came so far or further, as Insight tells them; and why others were not referred."""
    told = {name: over(each, months) for name, each in came.items()}
    far = {stage: together(told.get(each) for each in _FAR[nth:]) for nth, stage in enumerate(_FAR)}
    candidates = together(told.get(each) for each in (*WHY, *_FAR))
    return {"candidates": candidates, "criteria-met": told.get("criteria-met"), **far, **{why: told.get(why) for why in WHY}}


def _attention(cohort: Cohort) -> Section:
    """What to do something about while it runs, by rules that are said with it."""
    came = _stages(_came(cohort), cohort.months)
    found = []
    if (came["nobody-referred"] or 0) > (came["referred"] or 0):
        found.append(
            Both(
                "Meer gezinnen voldeden aan de criteria zonder dat iemand ze aanmeldde dan er zijn aangemeld. Daarop liep de "
                "eerdere proef vast. Bespreek met wie het eerst signaleerde waarom aanmelden uitbleef.",
                "More families met the criteria without anybody referring them than were referred. On that the earlier pilot ran "
                "aground. Discuss with whoever signalled first why nobody referred.",
            )
        )
    if (came["criteria-not-met"] or 0) > (came["criteria-met"] or 0):
        found.append(
            Both(
                "Meer gezinnen voldeden niet aan de criteria dan wel. Kijk of de criteria passen bij wie hulp nodig heeft.",
                "More families did not meet the criteria than did. See whether the criteria fit those who need help.",
            )
        )
    median = percentile(50, Counter(days for one in cohort.started if (days := days_between(one.came, one.started)) is not None))
    if median is not None and median > 183:
        found.append(
            Both(
                "De helft van de gezinnen wachtte langer dan zes maanden op een startgesprek: zo lang als een traject hoort te "
                "duren.",
                "Half of the families waited longer than six months for a start talk: as long as a trajectory is to last.",
            )
        )
    nothing = Both(
        "Niets springt eruit volgens de drie regels die hier gelden (weinig aanmeldingen, criteria die niet passen, lang wachten).",
        "Nothing stands out by the three rules that hold here (few referrals, criteria that do not fit, long waiting).",
    )
    return Section(Both("Wat nu aandacht vraagt", "What asks for attention now"), found or [nothing])


def _process(cohort: Cohort, word: Word) -> Section:
    """Did referrals come, and why not."""
    came, names = _came(cohort), {name: STAGES.get(name) or WHY[name] for name in (*list(STAGES)[1:], *WHY)}
    quarters: dict[str, list[str]] = {}
    for month in cohort.months:
        quarters.setdefault(f"{month[:4]}-{(int(month[5:]) + 2) // 3}", []).append(month)
    columns = [_stages(came, months) for months in (*quarters.values(), cohort.months)]
    rows = [[called, *(column[name] for column in columns)] for name, called in names.items()]
    heads = [_WHAT, *(Both(f"{each[:4]}, kwartaal {each[5:]}", f"{each[:4]}, quarter {each[5:]}") for each in quarters), _TOGETHER]
    total = columns[-1]
    lines = [(called, total[name] or 0, _count(total[name])) for name, called in names.items()]
    return Section(
        Both("Het proces: kwamen er aanmeldingen, en waarom niet", "The process: did referrals come, and why not"),
        [
            Both(
                f"Van {_count(total['candidates']).nl} gezinnen die in beeld kwamen, zijn er {_count(total['referred']).nl} "
                "aangemeld.",
                f"Of {_count(total['candidates']).en} families that came into view, {_count(total['referred']).en} were referred.",
            )
        ],
        lambda tongue: bars(lines, tongue),
        Both("Hoe ver gezinnen kwamen, als balken; de tabel zegt hetzelfde.", "How far families came, as bars; the table says it."),
        [
            Table("process", Both("Per kwartaal waarin gezinnen in beeld kwamen", "By quarter of coming into view"), heads, rows),
            *_lacked(cohort, word),
        ],
    )


def _lacked(cohort: Cohort, word: Word) -> Iterator[Table]:
    """The criteria that were missing while nobody referred."""
    lacked = Counter(criterion for one in cohort.families if not one.referred for criterion in one.missing)
    rows = [[word("criterion", each), _told(many)] for each, many in sorted(lacked.items()) if many >= FIVE]
    if rows:
        title = Both("Wat ontbrak bij wie niet is aangemeld", "What those lacked who were not referred")
        yield Table("lacked", title, [Both("criterium", "criterion"), _FAMILIES], rows)


def _early(cohort: Cohort, word: Word) -> Section:
    """From whom referrals came, and how early."""
    referred = [one for one in cohort.families if one.referred]
    first: dict[str, list[Family]] = {}
    for one in cohort.families:
        if one.signals:
            first.setdefault(one.signals[0].partner, []).append(one)
    known = {partner: those for partner, those in sorted(first.items()) if len(those) >= FIVE}
    rows = [
        [word("partner", each), _told(len(those)), _told(sum(bool(one.referred) for one in those))] for each, those in known.items()
    ]
    days = Counter(many for one in referred if (many := days_between(one.came, one.referred)) is not None)
    half, most = percentile(50, days), percentile(90, days)
    heads = [Both("wie het eerst signaleerde", "who signalled first"), _FAMILIES, Both("daarvan aangemeld", "of which referred")]
    return Section(
        Both("Van wie aanmeldingen kwamen, en hoe vroeg", "From whom referrals came, and how early"),
        [
            Both(
                f"Van het eerste signaal tot de aanmelding: de helft {_within(half).nl}, negen op de tien {_within(most).nl}.",
                f"From the first signal until the referral: half {_within(half).en}, nine in ten {_within(most).en}.",
            ),
            Both(
                "Wie aanmeldt is iemand die met het gezin werkt; hier staat welke partner het eerst over die gezinnen signaleerde.",
                "Whoever refers is somebody who works with the family; here stands which partner signalled first about them.",
            ),
        ],
        tables=[Table("first", Both("Wie het eerst signaleerde", "Who signalled first"), heads, rows)] if rows else [],
    )


# Waiting ---------------------------------------------------------------------------------------------------


def _waits(one: Family) -> dict[str, int | None]:
    met = one.met or one.came
    return {
        "criteria-met": days_between(one.came, one.met),
        "referred": days_between(min(met, one.referred or met), one.referred),
        "decided": days_between(one.referred, one.decided),
        "started": days_between(one.decided, one.started),
        "total": days_between(one.came, one.started),
    }


def _waiting(cohort: Cohort) -> Section:
    """How long each step took, beside the sixteen months."""
    took = {step: Counter(days for one in cohort.families if (days := _waits(one)[step]) is not None) for step in STEPS}
    rows = [
        [STEPS[step], _told(days.total()), *(_weeks(percentile(part, days)) for part in (50, 90))] for step, days in took.items()
    ]
    rows += [
        [FORMER[step], Both("vroeger", "formerly"), *[Both(f"{many} maanden", f"{many} months")] * 2]
        for step, many in FORMER_MONTHS.items()
    ]
    quick = sum(many for days, many in took["total"].items() if days < _SIXTEEN * A_MONTH.days)
    median = percentile(50, took["total"])
    lines = [
        (Both("vroeger", "formerly"), float(_SIXTEEN), Both(f"{_SIXTEEN} maanden", f"{_SIXTEEN} months")),
        (Both("nu, de helft binnen", "now, half within"), (median or 0) / A_MONTH.days, _weeks(median)),
    ]
    within = share(quick, took["total"].total())
    heads = [Both("stap", "step"), _FAMILIES, Both("helft binnen", "half within"), Both("9 op 10 binnen", "9 in 10 within")]
    return Section(
        Both("Wachten, naast de zestien maanden van vroeger", "Waiting, beside the sixteen months of before"),
        [
            Both(
                f"Vroeger duurde het {_SIXTEEN} maanden voor iemand handelde. Nu, van eerste signaal tot startgesprek: de helft "
                f"{_within(median).nl}. Welk deel binnen {_SIXTEEN} maanden: {_between(within).nl}.",
                f"Before, {_SIXTEEN} months went by until anybody acted. Now, from first signal until start talk: half "
                f"{_within(median).en}. Which part within {_SIXTEEN} months: {_between(within).en}.",
            ),
            Both(
                "Wie nog wacht telt hier niet mee; de zestien maanden zijn een optelling van stappen en geen meting van deze "
                "gezinnen.",
                "Who still waits is not in it; the sixteen months are a sum of steps, and were not measured of these families.",
            ),
        ],
        lambda tongue: bars(lines, tongue),
        Both("Hoe lang het vroeger en nu duurde, als balken.", "How long it took before and now, as bars."),
        [Table("waiting", Both("Hoe lang elke stap duurde", "How long each step took"), heads, rows)],
    )


# The plan ----------------------------------------------------------------------------------------------------


def _goals(cohort: Cohort, word: Word) -> Section:
    """Goals by life area, and how many were reached."""
    kept: dict[LifeArea, Counter[str]] = {area: Counter() for area in LifeArea}
    for one in cohort.families:
        for area, result in one.goals:
            kept[area][result] += 1
    told = {area: [_told(results[each]) for each in _RESULTS] for area, results in kept.items()}
    shown = [area for area, counts in told.items() if any(counts)]
    everything = [together(counts) for counts in zip(*told.values(), strict=True)]
    rows = [_goal_row(word("area", area.value), told[area], kept[area]) for area in shown]
    rows.append(_goal_row(_TOGETHER, everything, sum(kept.values(), Counter())))
    lines = [(word("area", area.value), told[area][0] or 0, _count(told[area][0])) for area in shown]
    heads = [
        Both("leefgebied", "life area"),
        Both("doelen", "goals"),
        *RESULTS.values(),
        Both("bereikt van wat een uitslag heeft (95%)", "reached of what has a result (95%)"),
    ]
    return Section(
        Both("Het plan: doelen per leefgebied", "The plan: goals by life area"),
        [
            Both(
                "Een aandeel staat er als de grenzen waartussen het ligt; met minder dan vijf aan een van beide kanten staat er "
                "niets.",
                "A share stands there by the bounds between which it lies; with fewer than five on either side nothing is told.",
            )
        ],
        (lambda tongue: bars(lines, tongue)) if lines else None,
        Both("Bereikte doelen per leefgebied, als balken.", "Goals reached by life area, as bars."),
        [Table("goals", Both("Doelen per leefgebied", "Goals by life area"), heads, rows)],
    )


_RESULTS = ("reached", "partly", "not", "")


def _goal_row(called: Both, counts: Sequence[int | None], results: Counter[str]) -> Sequence[object]:
    """What is told of all goals is the sum of what is told of each result, so that no difference gives a smaller number."""
    resulted = results.total() - results[""]
    return [called, together(counts), *counts, _between(share(results["reached"], resulted))]


# The effect ---------------------------------------------------------------------------------------------------

_PARTS = {
    Part.BEFORE: Both("voor het begin", "before the start"),
    Part.DURING: Both("tijdens", "during"),
    Part.AFTER: Both("na het einde", "after the end"),
}
_COEFFICIENTS = {
    Coefficient.TREND: Both("per maand, vooraf", "each month, before"),
    Coefficient.LEVEL_AT_START: Both("sprong bij het begin", "jump at the start"),
    Coefficient.TREND_SINCE_START: Both("verandering per maand sinds het begin", "change each month since the start"),
    Coefficient.LEVEL_AT_END: Both("sprong bij het einde", "jump at the end"),
    Coefficient.TREND_SINCE_END: Both("verandering per maand sinds het einde", "change each month since the end"),
}


def _months(cohort: Cohort, counts: Callable[[Told], bool]) -> list[Month]:
    """The series of the signals that count, about the families that started."""
    return usable(series(followed(cohort.families, counts)))


def _effect(cohort: Cohort) -> Section:
    """Signals of all partners together before, during and after."""
    title = Both("Het effect: signalen vóór, tijdens en na", "The effect: signals before, during and after")
    months = _months(cohort, lambda _: True)
    if why := too_little(months):
        refused = Both(f"{why.dutch} Daarom staat hier geen getal.", f"{why.english} So no number stands here.")
        return Section(title, [refused])
    found = course(months)
    return Section(
        title,
        [
            _EXPLAINED,
            *(_sentence(ratio) for ratio in found.ratios if ratio.of is not Coefficient.TREND),
        ],
        lambda tongue: line(found, _observed(months), tongue),
        Both(
            "Signalen per gezin en maand: punten zijn wat er was, op vijf afgerond; de lijn is het model, de streeplijn hoe het "
            "vooraf ging, doorgetrokken.",
            "Signals per family and month: dots are what there was, rounded to five; the line is the model, dashes the course "
            "before, drawn on.",
        ),
        [_course_table(found)],
    )


_EXPLAINED = Both(
    "Maanden tellen voor elk gezin vanaf zijn eigen begin en einde. Een verhouding van 1 is geen verandering; 0,80 is een vijfde "
    "minder. Tussen haakjes staat waartussen zij ligt (95%); ligt 1 daarbinnen, dan is niet te zeggen of er iets veranderde.",
    "Months count for each family from its own start and end. A ratio of 1 is no change; 0.80 is a fifth less. In brackets stands "
    "within what it lies (95%); where that holds 1, it cannot be said whether anything changed.",
)


def _sentence(ratio: Ratio) -> Both:
    nl, en = ("duidelijk", "clear") if ratio.is_clear else ("niet duidelijk", "not clear")
    called, said = _COEFFICIENTS[ratio.of], _ratio(ratio)
    return Both(f"{called.nl.capitalize()}: {said.nl}, {nl}.", f"{called.en.capitalize()}: {said.en}, {en}.")


def _observed(months: Sequence[Month]) -> list[int | None]:
    """The signals of each month by fives, so that they add up to what is told of all."""
    places = [f"{place:03}" for place in range(len(months))]
    return by_month({place: month.signals for place, month in zip(places, months, strict=True)}, places)


def _course_table(found: Course) -> Table:
    told = zip(found.months, _observed(found.months), found.modelled, found.otherwise, strict=True)
    rows = [
        [_month(month), _told(month.families), signals, _decimal(modelled), _decimal(otherwise)]
        for month, signals, modelled, otherwise in told
    ]
    heads = [
        Both("maand", "month"),
        _FAMILIES,
        Both("signalen", "signals"),
        Both("model: per gezin", "model: per family"),
        Both("zoals het vooraf ging", "as it went before"),
    ]
    return Table("course", Both("Signalen per maand", "Signals by month"), heads, rows)


def _month(month: Month) -> Both:
    part, nth = _PARTS[month.part], -month.nth if month.part is Part.BEFORE else month.nth + 1
    return Both(f"{nth} {part.nl}", f"{nth} {part.en}")


def _signals_of_each(cohort: Cohort, word: Word) -> Iterator[Section]:
    """The same by life area, and by partner."""
    partners = sorted({told.partner for one in cohort.started for told in one.signals})
    of_area = {word("area", area.value): _months(cohort, partial(_is_on, area)) for area in LifeArea}
    of_partner = {word("partner", each): _months(cohort, partial(_is_of, each)) for each in partners}
    heard = {called: months for called, months in of_partner.items() if sum(month.signals for month in months) >= FIVE}
    yield _each(Both("Signalen per leefgebied", "Signals by life area"), Both("leefgebied", "life area"), of_area)
    yield _each(Both("Signalen per partner", "Signals by partner"), Both("partner", "partner"), heard)


def _is_on(area: LifeArea, told: Told) -> bool:
    return area in told.areas


def _is_of(partner: str, told: Told) -> bool:
    return told.partner == partner


def _each(title: Both, head: Both, of: Mapping[Both, Sequence[Month]]) -> Section:
    refused = {called: why for called, months in of.items() if (why := too_little(months))}
    found = {called: course(months) for called, months in of.items() if called not in refused}
    tables = []
    if found:
        rows = [[called, *_ratios(each)] for called, each in found.items()]
        tables.append(Table("ratios", Both("Verhoudingen (95%)", "Ratios (95%)"), [head, *_COEFFICIENTS.values()], rows))
    if refused:
        rows = [[called, Both(why.dutch, why.english)] for called, why in refused.items()]
        tables.append(Table("refused", Both("Niet berekend", "Not computed"), [head, Both("waarom niet", "why not")], rows))
    many = Both(
        "Van twintig verhoudingen ligt er door toeval gemiddeld één buiten haar grenzen, ook als er niets veranderde.",
        "Of twenty ratios one lies outside its bounds by chance, on average, even where nothing changed.",
    )
    nobody = Both("Van niemand zijn er vijf signalen of meer.", "Of nobody there are five signals or more.")
    return Section(title, [many if found else nobody] if found or not tables else [], tables=tables)


def _ratios(found: Course) -> list[Both]:
    said = {ratio.of: _ratio(ratio) for ratio in found.ratios}
    return [said.get(each, Both("nog niet", "not yet")) for each in _COEFFICIENTS]


# What was measured ---------------------------------------------------------------------------------------------


def _measured(cohort: Cohort, instruments: Sequence[Instrument]) -> Section:
    """Scores at the start and the last time after."""
    called = {(each.code, code): domain.words for each in instruments for code, domain in each.domains.items()}
    pairs: dict[tuple[str, str], list[int]] = {}
    for one in cohort.families:
        for change in one.changes:
            pairs.setdefault((change.instrument, change.domain), []).append(change.last - change.first)
    rows = [
        [
            Both(called[key].dutch, called[key].english),
            _told(len(many)),
            *(_between(share(sum(up), len(many))) for up in _ways(many)),
        ]
        for key, many in pairs.items()
        if len(many) >= FIVE and key in called
    ]
    heads = [Both("waarop", "on what"), _FAMILIES, Both("hoger (95%)", "higher (95%)"), Both("lager (95%)", "lower (95%)")]
    title = Both("Wat gemeten is: van het begin tot de laatste meting", "What was measured: from the start to the last time")
    if not rows:
        few = Both(
            "Van geen onderdeel zijn er vijf gezinnen die twee keer gemeten zijn.", "On nothing five families were measured twice."
        )
        return Section(title, [few])
    blind = Both(
        "Wie meet, is ook wie helpt; niemand meet zonder te weten of het gezin al geholpen is.",
        "Whoever measures is who helps; nobody measures without knowing whether the family was helped already.",
    )
    return Section(title, [blind], tables=[Table("measured", Both("Scores", "Scores"), heads, rows)])


def _ways(changes: Sequence[int]) -> tuple[list[bool], list[bool]]:
    return [each > 0 for each in changes], [each < 0 for each in changes]


# What it cannot show --------------------------------------------------------------------------------------------


def _limits() -> Section:
    return Section(
        Both("Wat deze opzet niet kan laten zien", "What this design cannot show"),
        [
            Both(
                "Er is geen vergelijkingsgroep. Wat er zonder traject gebeurd zou zijn weet niemand; de streeplijn trekt het "
                "verleden door en is een aanname. Een verandering die hier staat is dus nog geen gevolg van het traject.",
                "There is no group to compare with. What would have happened without a trajectory nobody knows; the dashes draw "
                "the past on, and are an assumption. A change that stands here is therefore no proof that the trajectory did it.",
            ),
            Both(
                "Gezinnen komen in beeld omdat signalen zich opstapelen. Na een piek volgen er meestal minder, ook als niemand "
                "iets doet (terugkeer naar het gemiddelde). Een daling na het begin kan daar geheel van komen.",
                "Families come into view because signals pile up. After a peak fewer follow mostly, even where nobody does "
                "anything (regression to the mean). A fall after the start may be all due to that.",
            ),
            Both(
                "Een signaal is wat een partner vertelt, niet wat er gebeurt. Tijdens een traject kijken er meer mensen mee; "
                "daarna minder. Partners kwamen erbij of gingen, wetten en buurten veranderden: dat zit er allemaal in.",
                "A signal is what a partner tells, not what happens. During a trajectory more people look; after it fewer do. "
                "Partners came or went, laws and neighbourhoods changed: all of that is in it.",
            ),
            Both(
                "Wie eerder stopte, verhuisde of nog loopt, is anders dan wie tot het einde meedeed. Met weinig gezinnen zijn "
                "grenzen wijd: 'niet duidelijk' is geen bewijs dat er niets veranderde.",
                "Who stopped early, moved or still goes on differs from who stayed until the end. With few families bounds are "
                "wide: 'not clear' is no proof that nothing changed.",
            ),
            Both(
                "Het gaat over allen samen. Het is geen reden om één gezin wel of niet te helpen.",
                "It is about all together. It is no reason to help one family or not.",
            ),
        ],
    )


def _method() -> Section:
    return Section(
        Both("Hoe dit is berekend", "How this was computed"),
        [
            Both(
                "Aantallen zijn op vijf afgerond, en van minder dan vijf staat er niets. Wachttijden zijn in hele weken. Aandelen: "
                "grenzen van Wilson (1927), naar buiten afgerond op vijf procent.",
                "Counts are rounded to five, and of fewer than five nothing is told. Waiting is in whole weeks. Shares: the bounds "
                "of Wilson (1927), outwards to five percent.",
            ),
            Both(
                "Het effect: gesegmenteerde Poissonregressie van een onderbroken tijdreeks (Bernal, Cummins en Gasparrini, 2017), "
                "met een niveau en een trend per deel en gezinsmaanden als blootstelling. De fout is de wijdste van Newey-West en "
                "van Poisson, verbreed naar de spreiding; grenzen volgens Student. Het eerste signaal, waardoor een gezin in beeld "
                "kwam, telt niet mee.",
                "The effect: segmented Poisson regression of an interrupted time series (Bernal, Cummins and Gasparrini, 2017), "
                "with a level and a trend for each part and months of families as exposure. Errors are the wider of Newey and "
                "West's and of Poisson's, widened by the spread; bounds by Student. The first signal, by which a family came into "
                "view, is not in it.",
            ),
        ],
    )


# In words -----------------------------------------------------------------------------------------------------------


def _told(count: int) -> int | None:
    return rounded(count) if count >= FIVE else None


def _count(told: int | None) -> Both:
    return _FEW if told is None else Both(f"{told}", f"{told}")


def _weeks(days: int | None) -> Both:
    if days is None:
        return _TOO_FEW
    return Both(f"{days // 7} {'week' if days == 7 else 'weken'}", f"{days // 7} {'week' if days == 7 else 'weeks'}")


def _within(days: int | None) -> Both:
    return _TOO_FEW if days is None else Both(f"binnen {_weeks(days).nl}", f"within {_weeks(days).en}")


def _between(told: Between | None) -> Both:
    if told is None:
        return _TOO_FEW
    return Both(f"{told.low} tot {told.high}%", f"{told.low} to {told.high}%")


def _decimal(number: float) -> Both:
    return Both(f"{number:.2f}".replace(".", ","), f"{number:.2f}")


def _ratio(ratio: Ratio) -> Both:
    found, low, high = map(_decimal, (ratio.found, ratio.low, ratio.high))
    return Both(f"{found.nl} ({low.nl} tot {high.nl})", f"{found.en} ({low.en} to {high.en})")
