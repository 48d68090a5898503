#!/bin/sh
# The SAT Competition's entry point: run.sh CNF PROOFDIR; the proof goes to PROOFDIR/proof.out.
if [ $# -ne 2 ]; then
    echo "usage: run.sh CNF PROOFDIR" >&2
    exit 1
fi
exec "$(dirname "$0")/turbosat" "$1" "$2/proof.out"
