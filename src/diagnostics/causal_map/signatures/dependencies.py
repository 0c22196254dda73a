"""Texts of packages that are missing, moved or do not fit."""

# ruff: noqa: E501 - a pattern is easier to read in one piece

from __future__ import annotations

from diagnostics.causal_map.signatures.matching import table

SIGNATURES = table(
    {
        "module-missing": [
            (r"No module named '", 5.0),
            (r"ModuleNotFoundError", 4.0),
            (r"requires the \S{1,40} (?:library|package) to be installed", 4.5),
        ],
        "package-api-removed": [
            (r"cannot import name '[^']{1,80}' from '(?!partially)", 5.0),
            (r"module '[\w.]{1,80}' has no attribute", 5.0),
            (
                r"(?:__init__|\w+)\(\) got an unexpected keyword argument '(?:proxies|app|loop|encoding|timeout|proxy)'",
                4.0,
            ),
            (
                r"has been (?:removed|moved) (?:in|from|to) (?:version|v|pydantic|the)|PydanticImportError|PydanticUserError",
                5.0,
            ),
            (r"AttributeError: `np\.\w+` was removed", 6.0),
        ],
        "dependency-version-conflict": [
            (r"ContextualVersionConflict|DistributionNotFound|VersionConflict", 6.0),
            (r"ResolutionImpossible|conflicting dependencies|Could not find a version that satisfies", 5.5),
            (r"requires \S{1,60}, but you have|is incompatible with|No matching distribution found", 5.0),
        ],
        "binary-abi-mismatch": [
            (r"cannot open shared object file", 5.0),
            (r"version `?GLIBC\w*_[\d.]+'? not found|GLIBCXX_", 6.0),
            (r"undefined symbol:", 6.0),
            (r"numpy\.(?:dtype|ndarray) size changed|compiled using NumPy 1\.x|binary incompatibility", 6.0),
            (r"wrong ELF class|incompatible architecture|mach-o|invalid ELF header", 6.0),
            (r"Illegal instruction", 4.0),
        ],
        "circular-import": [(r"partially initialized module|most likely due to a circular import", 6.0)],
        "python-version-mismatch": [
            (r"requires a different Python|requires Python ['<>=]", 6.0),
            (r"unsupported operand type\(s\) for \|: 'type' and|'type' object is not subscriptable", 5.0),
            (r"cannot import name '\w+' from '(?:typing|collections|asyncio)'", 5.0),
        ],
    }
)

STORIES = table(
    {
        "module-missing": [
            (
                r"(?:package|module|library|dependenc\w+) .{0,20}(?:not installed|missing|forgot\w*)|requirements|не установлен\w*|пакет\w* .{0,20}(?:нет|забыл|не)\w*",
                2.5,
            )
        ],
        "package-api-removed": [
            (
                r"(?:rebuil[dt]|upgrad|bump|unpinned|lock ?file|pip install|latest version|dependency update)\w*|пересобра\w*|без (?:lock|фиксац)\w*|обнов\w* (?:библиотек|зависимост|пакет)\w*",
                2.0,
            ),
        ],
        "dependency-version-conflict": [(r"(?:version|dependency) conflict|конфликт\w* (?:верси|зависимост)\w*", 3.5)],
        "binary-abi-mismatch": [
            (
                r"(?:glibc|libc|\.so\b|shared (?:object|library)|libpq|libssl) .{0,40}(?:not found|missing|cannot|version)|wrong (?:architecture|abi)",
                4.0,
            ),
            (r"new base image|alpine|musl|debian|glibc|нов\w* (?:базов\w* )?образ\w*", 1.0),
        ],
        "circular-import": [(r"refactor\w*|рефакторинг\w*", 0.8)],
        "python-version-mismatch": [
            (r"python ?3\.\d+ (?:upgrade|to)|upgrad\w* (?:to )?python|обновил\w* (?:python|питон)", 2.5)
        ],
    }
)
