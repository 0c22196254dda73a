"""What secrets look like by themselves, without a name beside them: vendors' tokens, keys, hashes, random texts."""

from __future__ import annotations

import re

from diagnostics.runtime.lazy_pattern import LazyPattern

MARK = "***"


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


def holds(text: str, hints: tuple[str, ...]) -> bool:
    """Return whether the text holds one of the hints."""
    for hint in hints:  # noqa: SIM110 - any() with a generator takes twice as long, and this runs for every log line
        if hint in text:
            return True
    return False


# ---------------------------------------------------------------- blocks and vendors' tokens

_KNOWN = LazyPattern(
    r"-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}.*?(?:-{4,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|\Z)"
    r"|\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{3,}(?:\.[A-Za-z0-9_-]*){0,3}"
    r"|(?<![A-Za-z0-9])(?:A3T[A-Z0-9]|AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{30,}|\bya29\.[A-Za-z0-9._-]{10,}|\bGOCSPX-[A-Za-z0-9_-]{10,}"
    r"|(?<![A-Za-z0-9/])1//0[A-Za-z0-9_-]{20,}"
    r"|\b[srp]k_(?:live|test)_[A-Za-z0-9]{8,}|\bwhsec_[A-Za-z0-9+/=]{16,}|\bsk-[A-Za-z0-9_-]{20,}"
    r"|\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}|\bxapp-[A-Za-z0-9-]{8,}"
    r"|(?<=hooks\.slack\.com/services/)[A-Za-z0-9_/]{8,}|(?<=/api/webhooks/)[0-9]+/[A-Za-z0-9_-]{16,}"
    r"|(?<=webhook\.office\.com/)[^\s\"'<>]{16,}|(?<=/IncomingWebhook/)[^\s\"'<>]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bgl[a-z]{1,5}-[A-Za-z0-9_-]{16,}"
    r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[A-Za-z0-9_-]{40,}"
    r"|\bhv[sbr]\.[A-Za-z0-9_-]{20,}|\bdo[orp]_v1_[a-f0-9]{32,}"
    r"|\bkey-[0-9a-f]{32}\b|\b[0-9a-f]{32}-us\d{1,2}\b|(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])"
    r"|\brubygems_[0-9a-f]{40,}|\bdckr_[a-z]{1,4}_[A-Za-z0-9_-]{20,}|\bshp[a-z]{2}_[0-9a-fA-F]{32}|\bsq0[a-z]{3}-[A-Za-z0-9_-]{20,}"
    r"|\bdapi[0-9a-f]{32}|\bsbp_[0-9a-f]{40}|\bsq[pau]_[0-9a-f]{40}|\bbk[a-z]{2}_[0-9a-f]{40}|\bpul-[0-9a-f]{40}"
    r"|\bNR[A-Z]{2}-[A-Z0-9]{27}|\bAGE-SECRET-KEY-1[A-Z0-9]{20,}|\bCFPAT-[A-Za-z0-9_-]{40,}|\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}"
    r"|\bgl(?:sa|c)_[A-Za-z0-9+/=_-]{24,}|\by[0-3]_[A-Za-z0-9_-]{30,}|\bt1\.[A-Za-z0-9_=-]{20,}\.[A-Za-z0-9_=-]{40,}|\bAQVN[A-Za-z0-9_-]{30,}"
    r"|\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}|\bdp\.[a-z]{2,5}\.[A-Za-z0-9._-]{30,}|\bvk1\.a\.[A-Za-z0-9_-]{40,}"
    r"|\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}|\bv[1-4]\.(?:local|public)\.[A-Za-z0-9_.-]{30,}|\bgAAAAA[A-Za-z0-9_=-]{50,}"
    r"|\blin_(?:api|oauth)_[A-Za-z0-9]{30,}|\bfo1_[A-Za-z0-9_-]{30,}|\bsntry[su]_[A-Za-z0-9+/=_-]{30,}"
    r"|\bshippo_(?:live|test)_[0-9a-f]{32,}|\blsv2_[a-z]{2}_[0-9a-f_]{32,}|\btskey-[a-z]+-[A-Za-z0-9-]{16,}"
    r"|\bEAA[A-Z][A-Za-z0-9]{40,}|\bAKCp[A-Za-z0-9]{50,}|\bfigd_[A-Za-z0-9_-]{30,}"
    r"|\bTEST-[0-9]{10,}-[0-9]+-[0-9a-f]{32}\b|\bAPP_USR-[0-9a-f-]{40,}"
    r"|(?<![0-9A-Za-z])(?:(?<=bot)|(?<=/bot)|(?<![0-9A-Za-z_.:-]))[0-9]{5,12}:[A-Za-z0-9_-]{30,}",
    re.DOTALL,
)
_TELEGRAM = LazyPattern(r"\bbot[0-9]{5,12}:[A-Za-z0-9_-]{20,}")
#: No token is shorter; most lines have no such word, and are done.
_WORD = LazyPattern(r"(?<![A-Za-z0-9_.-])[A-Za-z0-9_.-]{16,}")
#: Plain substring tests are several times faster than an alternation; most lines hold none of these.
_HINTS = words(
    "PRIVATE eyJ A3T AKIA ASIA AGPA AIDA AROA ANPA ANVA AIza ya29 GOCSPX 1//0 sk- xox xapp- hooks.slack webhook "
    "SG. pypi- hvs. hvb. hvr. key- SK sq0 dapi pul- NR AGE-S CFPAT- PMAK- t1. AQVN v1.0- dp. vk1. .atlasv1. "
    ".local. .public. gAAAAA sntry tskey- EAA AKCp TEST- APP_USR"
)
_UNDERSCORE_HINTS = words(
    "k_live k_test whsec_ github_pat npm_ _v1_ rubygems_ dckr_ shp sbp_ sqp_ squ_ sqa_ y0_ y1_ y2_ y3_ lin_ fo1_ shippo_ lsv2_ figd_ "
    "ghp_ gho_ ghu_ ghs_ ghr_ glsa_ glc_ bkua_"
)
#: GitLab's many kinds, and Mailchimp's data centres.
_DASH_HINTS = words(
    "glpat- glrt- gldt- glsoat- glft- glcbt- glimt- glagent- glptt- -us1 -us2 -us3 -us4 -us5 -us6 -us7 -us8 -us9"
)
_TELEGRAM_HINT = LazyPattern(r":[A-Za-z0-9_-]{20}")


def _known(text: str) -> str:
    if (
        (":" not in text or _TELEGRAM_HINT.search(text) is None)
        and not holds(text, _HINTS)
        and not ("_" in text and holds(text, _UNDERSCORE_HINTS))
        and not (("gl" in text or "-us" in text) and holds(text, _DASH_HINTS))
    ):
        return text
    return str(_KNOWN.sub(MARK, _TELEGRAM.sub("bot" + MARK, text)))


# ---------------------------------------------------------------- hashes of passwords

_HASHED = LazyPattern(
    r"\$(?:2[abxy]?|argon2(?:id|i|d)|[156y]|7|scrypt|pbkdf2[\w-]*|bcrypt[\w-]*|sha1|apr1|P|H)\$[A-Za-z0-9./+=,$-]{20,}"
    r"|\b(?:pbkdf2_sha\d+|bcrypt(?:_sha256)?|argon2|scrypt)(?::[\d:]+)?\$[A-Za-z0-9./+=,:$-]{20,}"
    r"|\bscrypt:[\d:]+\$[A-Za-z0-9./+=$-]{20,}|\bpbkdf2:sha\d+(?::\d+)?\$[A-Za-z0-9./+=$-]{20,}"
    r"|\bSCRAM-SHA-\d+\$[A-Za-z0-9./+=,:$-]{20,}|\{(?:SSHA|SHA|SMD5|CRYPT|BCRYPT|PBKDF2)\d*\}[A-Za-z0-9./+=$-]{16,}",
)

_HASH_HINTS = ("{SSHA", "{SHA", "{SMD5", "{CRYPT", "{BCRYPT", "{PBKDF2")

# ---------------------------------------------------------------- random texts

#: Vendors change the beginnings of their tokens every year; what stays is that no word of people looks like that.
_LONG = LazyPattern(r"(?<![A-Za-z0-9_.-])[A-Za-z0-9_.-]{26,}(?![A-Za-z0-9_-])")
_PREFIX = LazyPattern(r"[A-Za-z][A-Za-z0-9]{0,11}[_-](?:[A-Za-z0-9]{1,8}[_-]){0,2}")
#: Beginnings of public ids: objects of Stripe and OpenAI, hashes.
_PUBLIC = LazyPattern(
    r"(?:sha\d+|md5|pi|cus|ch|in|sub|evt|price|prod|acct|req|txn|re|po|pm|seti|src|tok|card|ba|cs|ii|si|il|cn|py|tr|dp|du|pk|"
    r"chatcmpl|cmpl|run|thread|msg|file|asst|step|batch|resp|call|toolu|org|user|team|proj|id|trace|span|job|task|build|etag)[_-]"
)
#: Mixed letters and digits before which a hash is announced.
_FINGERPRINT_BEFORE = LazyPattern(
    r"(?:sha\d+|md5|digest|fingerprint|etag|checksum|integrity|boundary)[\"']?[ =:-]{1,3}[\"']?(?:W/\")?[A-Za-z0-9+/=-]{0,90}$",
    re.IGNORECASE,
)
_BARE, _PREFIXED = 32, 24


def looks_random(word: str, least: int = 16) -> bool:
    """Return whether a word of letters and digits was drawn by a machine: all classes, and changing all the time.

    In random base-62 text six neighbours of ten are of different classes; in names that people write, two.

    Example:
        >>> looks_random("k3GqPz8Lm2XvT7bNd0Rw"), looks_random("getUserById2FromHTTPConnection")
        (True, False)
    """
    if len(word) < least:
        return False
    upper = lower = digits = changes = 0
    before = ""
    for char in word:
        if char.isdigit():
            digits += 1
            kind = "9"
        elif char.isupper():
            upper += 1
            kind = "A"
        elif char.islower():
            lower += 1
            kind = "a"
        else:
            continue
        changes += kind != before
        before = kind
    total = upper + lower + digits
    return min(upper, lower) >= 3 and digits >= 2 and changes >= 0.4 * total


def _random(match: re.Match[str]) -> str:
    word = match[0]
    if word.isdigit() or (word == word.lower() and not word.startswith("pat")):
        return word  # the common case: names of modules and hosts, hashes
    parts = word.split(".")
    hidden = [_hide_part(part) for part in parts]
    if hidden == parts:
        if len(parts) == 3 and len(parts[0]) >= 18 and looks_random(parts[2], 26):
            return MARK  # as Discord's: who, when, signature
        if len(parts) == 2 and word.startswith("pat") and len(parts[0]) == 17 and len(parts[1]) == 64:
            return MARK  # Airtable's
        return word
    if _FINGERPRINT_BEFORE.search(match.string, max(0, match.start() - 120), match.start()) is not None:
        return word
    return MARK if len(parts) <= 3 else ".".join(hidden)


def _hide_part(word: str) -> str:
    if len(word) < _PREFIXED:
        return word
    if _PUBLIC.match(word) is not None and not (word.startswith("re_") and word.count("_") == 2):
        return word
    if looks_random(word, _BARE):
        return MARK
    prefix = _PREFIX.match(word)
    return MARK if prefix is not None and looks_random(word[prefix.end() :], _PREFIXED) else word


def hide_shapes(text: str) -> str:
    """Return the text without what is a secret by its looks."""
    if text.count("$") >= 2 or ("{" in text and holds(text, _HASH_HINTS)):
        text = _HASHED.sub(MARK, text)
    if _WORD.search(text) is not None or "PRIVATE" in text:
        text = _known(text)
        if _LONG.search(text) is not None:
            text = _LONG.sub(_random, text)
    return text
