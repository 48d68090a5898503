"""Questions about circuits: equivalence, bounded model checking, proof."""
