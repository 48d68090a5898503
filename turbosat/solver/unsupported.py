"""What python-sat offers and CaDiCaL here does not: one clear error each."""

from __future__ import annotations

from typing import Any, NoReturn

from turbosat.errors import UnsupportedError


def refuse(what: str, instead: str = "") -> NoReturn:
    """Raise the error."""
    raise UnsupportedError(f"turbosat.Solver has no {what}{f': {instead}' if instead else ''}")


class Unsupported:
    """The methods that need an engine which turbosat has not; each raises UnsupportedError."""

    def start_mode(self, warm: bool = False) -> None:
        """Choose a warm start; a cold one is what there is."""
        if warm:
            refuse("warm start mode")

    def attach_vpool(self, vpool: Any = None) -> None:
        """Share numbers with a pool of variables; without one there is nothing to do."""
        if vpool is not None:
            refuse("shared variable pool", "it never takes a number that is not in a clause of yours")

    def sync_vars(self) -> None:
        """Do nothing: no pool is attached."""

    def sync_vpool(self) -> None:
        """Do nothing: no pool is attached."""

    def prop_budget(self, budget: int) -> None:
        """Limit propagations."""
        if budget >= 0:
            refuse("limit of propagations", "use conf_budget, dec_budget or time_limit")

    def set_activities(self, activities: Any = None) -> None:
        """Set the activities of variables."""
        refuse("activities of variables", "use set_phases")

    def get_activities(self, variables: Any = ()) -> None:
        """Return the activities of variables."""
        refuse("activities of variables")

    def apply_jw(self) -> None:
        """Set phases by the rule of Jeroslow and Wang."""
        refuse("Jeroslow-Wang scores", "use set_phases")

    def flip_bits(self, assumptions: Any = (), preferences: Any = None, budget: int = 100_000) -> None:
        """Search locally for a model of low cost."""
        refuse("search under preferences", "use RC2 of python-sat on this solver")

    def connect_propagator(self, propagator: Any) -> None:
        """Attach a propagator written in Python."""
        refuse("external propagators")

    def disconnect_propagator(self) -> None:
        """Detach the propagator."""
        refuse("external propagators")

    def enable_propagator(self) -> None:
        """Let the propagator act."""
        refuse("external propagators")

    def disable_propagator(self) -> None:
        """Let the propagator only look."""
        refuse("external propagators")

    def propagator_active(self) -> None:
        """Tell whether a propagator acts."""
        refuse("external propagators")

    def observe(self, var: int) -> None:
        """Tell a propagator of a variable."""
        refuse("external propagators")

    def ignore(self, var: int) -> None:
        """Tell a propagator of a variable no longer."""
        refuse("external propagators")

    def reset_observed(self) -> None:
        """Tell a propagator of no variable."""
        refuse("external propagators")

    def is_decision(self, lit: int) -> None:
        """Tell whether a literal is a decision."""
        refuse("external propagators")
