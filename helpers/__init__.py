"""Helper code of the course: companies, metrics, models, figures, exercises.

Nothing heavy is imported here; ``from helpers.metrics.retention import nrr`` brings what it needs.
"""

from __future__ import annotations

__version__ = "0.1.0"
