"""How hard a Dutch text is to read.

No measure tells a level of language (B1) for sure; short words in short sentences are what can be counted of it.
"""

import re

EASY = 70.0
"""From here on a text is fairly easy, by the scale of Flesch that Douma kept."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?:;]+(?:\s|$)|\n+")
_SYLLABLE = re.compile("ij|[aeiouy]{1,2}[iu]?|[äëïöüáéíóúàèìòùâêîôû]", re.IGNORECASE)


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence that has any."""
    return [words for each in _SENTENCE.split(text) if (words := _WORD.findall(each))]


def syllables(word: str) -> int:
    """How many a Dutch word has, by its vowels: an estimate, at least one."""
    return len(_SYLLABLE.findall(word)) or 1


def ease(text: str) -> float | None:
    """Reading ease of a Dutch text, from about 0 (very hard) to 100 (very easy); `None` where there are no words.

    Flesch's formula for Dutch: 206.84 − 0.93 × words per sentence − 77 × syllables per word (W.H. Douma, De leesbaarheid van
    landbouwbladen, 1960).
    """
    said = sentences(text)
    words = [word for each in said for word in each]
    if not words:
        return None
    return 206.84 - 0.93 * len(words) / len(said) - 77 * sum(map(syllables, words)) / len(words)


def is_hard(text: str) -> bool:
    """Whether a text asks more than plain language does."""
    found = ease(text)
    return found is not None and found < EASY
