"""The register of concerns: what a signal can be about, and where that counts."""

from dataclasses import dataclass

from hub.domain.field_classes import FieldClass
from hub.domain.words import Axis, LifeArea, Weight

_A = LifeArea
_HEALTH, _CRIME = FieldClass.SPECIAL, FieldClass.CRIMINAL


@dataclass(frozen=True, slots=True)
class Concern:
    """One kind of worry: its life areas, its axis, how much it weighs by itself, and its words.

    `told_as` is that of special-category or criminal data, which leaves coarsened unless a ground allows more (L4).
    `marks` name what it means for the referral criteria (`benefit`, `supervision-order`, `council-report`, `eviction`).
    """

    code: str
    areas: tuple[LifeArea, ...]
    axis: Axis
    weight: Weight
    dutch: str
    english: str
    told_as: FieldClass = FieldClass.CONCERN
    marks: tuple[str, ...] = ()


def _register(*concerns: Concern) -> dict[str, Concern]:
    return {concern.code: concern for concern in concerns}


CONCERNS = _register(
    # money
    Concern("payment-arrears", (_A.FINANCES,), Axis.INCOME, Weight.LIGHT, "betalingsachterstand", "payment arrears"),
    Concern("debt-crisis", (_A.FINANCES,), Axis.INCOME, Weight.GRAVE, "schuldencrisis, afsluiting of uitval dreigt", "debt crisis, supply or cover about to stop"),
    Concern("debt-collection", (_A.FINANCES,), Axis.INCOME, Weight.SERIOUS, "vordering bij deurwaarder of incassobureau", "claim with a bailiff or collection agency"),
    Concern("benefit-measure", (_A.FINANCES, _A.WORK_AND_EDUCATION), Axis.INCOME, Weight.SERIOUS, "maatregel op de uitkering", "measure on the benefit", marks=("benefit",)),
    Concern("administration-failing", (_A.FINANCES, _A.BEHAVIOUR), Axis.INCOME, Weight.SERIOUS, "administratie loopt vast", "administration failing"),
    # the home
    Concern("rent-arrears", (_A.FINANCES, _A.HOUSING), Axis.HOUSING, Weight.LIGHT, "huurachterstand", "rent arrears"),
    Concern("nuisance", (_A.HOUSING, _A.SOCIAL_NETWORK), Axis.HOUSING, Weight.SERIOUS, "overlast", "nuisance"),
    Concern("home-neglected", (_A.HOUSING, _A.PHYSICAL_HEALTH), Axis.HOUSING, Weight.SERIOUS, "vervuiling van de woning", "neglected home"),
    Concern("home-misused", (_A.HOUSING, _A.JUSTICE), Axis.HOUSING, Weight.SERIOUS, "oneigenlijk gebruik van de woning", "home used against the tenancy", told_as=_CRIME),
    Concern("eviction-threatened", (_A.HOUSING, _A.FINANCES), Axis.HOUSING, Weight.GRAVE, "ontruiming dreigt", "eviction threatened", marks=("eviction",)),
    Concern("evicted", (_A.HOUSING,), Axis.HOUSING, Weight.ACUTE, "ontruimd", "evicted", marks=("eviction",)),
    # school and time
    Concern("school-absence", (_A.WORK_AND_EDUCATION,), Axis.CARE, Weight.SERIOUS, "schoolverzuim (16 uur in 4 weken)", "school absence (16 hours in 4 weeks)"),
    Concern("school-absence-long", (_A.WORK_AND_EDUCATION, _A.USE_OF_TIME), Axis.CARE, Weight.GRAVE, "langdurig relatief verzuim", "long-term school absence"),
    Concern("school-absence-absolute", (_A.WORK_AND_EDUCATION, _A.USE_OF_TIME), Axis.CARE, Weight.GRAVE, "absoluut verzuim: niet ingeschreven", "not enrolled at any school"),
    Concern("school-absence-luxury", (_A.WORK_AND_EDUCATION,), Axis.CARE, Weight.LIGHT, "luxeverzuim", "absence for a holiday"),
    # growing up
    Concern("upbringing", (_A.RELATIONS, _A.BEHAVIOUR), Axis.CARE, Weight.SERIOUS, "zorgen over opvoeding", "worries about upbringing"),
    Concern("child-neglect", (_A.RELATIONS, _A.PHYSICAL_HEALTH), Axis.SAFETY, Weight.GRAVE, "verwaarlozing van een kind", "neglect of a child"),
    Concern("supervision-order", (_A.RELATIONS, _A.JUSTICE), Axis.CARE, Weight.GRAVE, "ondertoezichtstelling", "supervision order", marks=("supervision-order",)),
    Concern("supervision-order-ended", (_A.RELATIONS, _A.JUSTICE), Axis.CARE, Weight.LIGHT, "ondertoezichtstelling beëindigd", "supervision order ended"),
    Concern("written-instruction", (_A.RELATIONS, _A.BEHAVIOUR), Axis.CARE, Weight.SERIOUS, "schriftelijke aanwijzing", "written instruction"),
    Concern("child-protection-measure", (_A.RELATIONS, _A.JUSTICE), Axis.CARE, Weight.GRAVE, "kinderbeschermingsmaatregel opgelegd", "child protection measure imposed", marks=("supervision-order",)),
    Concern("council-report-threatened", (_A.RELATIONS,), Axis.SAFETY, Weight.GRAVE, "melding bij de Raad voor de Kinderbescherming dreigt", "report to the Child Protection Council threatened", marks=("council-report",)),
    # safety
    Concern("worrying-situation", (_A.RELATIONS,), Axis.SAFETY, Weight.SERIOUS, "zorgelijke situatie", "worrying situation"),
    Concern("domestic-violence", (_A.RELATIONS, _A.JUSTICE), Axis.SAFETY, Weight.GRAVE, "huiselijk geweld", "domestic violence", told_as=_CRIME),
    Concern("honour-violence", (_A.RELATIONS, _A.JUSTICE), Axis.SAFETY, Weight.ACUTE, "eergerelateerd geweld", "honour-related violence", told_as=_CRIME),
    Concern("home-ban", (_A.RELATIONS, _A.JUSTICE), Axis.SAFETY, Weight.ACUTE, "tijdelijk huisverbod", "temporary ban from the home", told_as=_CRIME),
    Concern("aggression", (_A.BEHAVIOUR, _A.SOCIAL_NETWORK), Axis.SAFETY, Weight.SERIOUS, "agressie", "aggression"),
    Concern("crime", (_A.JUSTICE,), Axis.SAFETY, Weight.SERIOUS, "politiecontact", "contact with the police", told_as=_CRIME),
    # health and network
    Concern("mental-health", (_A.MENTAL_HEALTH,), Axis.CARE, Weight.SERIOUS, "zorgen over psychische gezondheid", "worries about mental health", told_as=_HEALTH),
    Concern("physical-health", (_A.PHYSICAL_HEALTH,), Axis.CARE, Weight.SERIOUS, "zorgen over lichamelijke gezondheid", "worries about physical health", told_as=_HEALTH),
    Concern("substance-use", (_A.ADDICTION,), Axis.CARE, Weight.SERIOUS, "zorgen over middelengebruik", "worries about substance use", told_as=_HEALTH),
    Concern("isolation", (_A.SOCIAL_NETWORK,), Axis.CARE, Weight.LIGHT, "weinig steun in het netwerk", "little support around the family"),
    Concern("identity-papers", (_A.IDENTITY,), Axis.INCOME, Weight.LIGHT, "problemen met identiteit of inschrijving", "trouble with identity or registration"),
    # a life area with no more said about it (the general report's `leefgebied`)
    Concern("money-worries", (_A.FINANCES,), Axis.INCOME, Weight.SERIOUS, "zorgen over geld", "worries about money"),
    Concern("behaviour", (_A.BEHAVIOUR,), Axis.CARE, Weight.SERIOUS, "zorgen over houding, gedrag en vaardigheden", "worries about attitude, behaviour and skills"),
    Concern("work-or-education", (_A.WORK_AND_EDUCATION,), Axis.CARE, Weight.SERIOUS, "zorgen over werk en opleiding", "worries about work and education"),
    Concern("use-of-time", (_A.USE_OF_TIME,), Axis.CARE, Weight.LIGHT, "zorgen over tijdsbesteding", "worries about use of time"),
    Concern("housing-worries", (_A.HOUSING,), Axis.HOUSING, Weight.SERIOUS, "zorgen over huisvesting", "worries about housing"),
    # what others did with an earlier report: it weighs nothing by itself, but the director must know
    Concern("feedback-taken-up", (_A.RELATIONS,), Axis.SAFETY, Weight.LIGHT, "terugkoppeling: opgepakt", "feedback: taken up"),
    Concern("feedback-no-follow-up", (_A.RELATIONS,), Axis.SAFETY, Weight.LIGHT, "terugkoppeling: geen vervolg nodig", "feedback: no follow-up needed"),
)

TOLD_AS = {
    **dict.fromkeys((_A.MENTAL_HEALTH, _A.PHYSICAL_HEALTH, _A.ADDICTION), _HEALTH),
    _A.JUSTICE: _CRIME,
}
"""The life areas that give away what only leaves coarsened."""

SILENT = frozenset(code for code in CONCERNS if code.startswith("feedback-")) | {"supervision-order-ended"}
"""What others did with an earlier report, and what came to an end, is no worry."""
