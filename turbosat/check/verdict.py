"""What a check answers."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["model", "proof", "certificate"]
Outcome = Literal["verified", "not verified", "timeout"]


@dataclass(frozen=True)
class Verdict:
    """The answer of a check; `reason` says in a sentence why, `notes` what else deserves to be known."""

    outcome: Outcome
    kind: Kind
    reason: str
    notes: tuple[str, ...] = ()
    clauses: int = 0
    lemmas: int = 0  # lemmas read up to the conflict; the xors of a certificate
    core_lemmas: int = 0  # those that the refutation rests on, the only ones checked
    rat_steps: int = 0  # core lemmas that needed RAT
    deletions: int = 0
    kept_units: int = 0  # deletions of unit clauses, ignored
    missing: int = 0  # deletions of clauses that were not there, ignored
    propagations: int = 0
    seconds: float = 0.0

    @property
    def verified(self) -> bool:
        """Whether the answer is right beyond doubt."""
        return self.outcome == "verified"

    def record(self) -> dict[str, Any]:
        """Return the verdict as plain data, for JSON."""
        return asdict(self) | {"verified": self.verified, "notes": list(self.notes)}
