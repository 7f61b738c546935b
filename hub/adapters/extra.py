"""What only evaluation needs and is installed apart: statsmodels and pyarrow."""

from importlib import import_module
from typing import Any

from hub.errors import Unavailable


def needed(module: str) -> Any:
    """That module, loaded where it is used. Raises: Unavailable, with what to install."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        package = module.partition(".")[0]
        if (missing.name or "").partition(".")[0] != package:
            raise
        raise Unavailable(f"Evaluation needs {package}: pip install 'vig-hub[evaluation]'.") from None
