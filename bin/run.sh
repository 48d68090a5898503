#!/bin/sh
# The SAT Competition's entry point: run.sh CNF PROOFDIR; the proof goes to PROOFDIR/proof.out.
if [ $# -ne 2 ]; then
    echo "usage: run.sh CNF PROOFDIR" >&2
    exit 1
fi
self=$0
while folder=${self%/*}; [ "$folder" != "$self" ] || folder=.; [ -h "$self" ]; do
    link=$(readlink "$self" && echo .) || exit 1
    link=${link%??} # the end of the line, and what keeps those of the name itself
    case $link in /*) self=$link ;; *) self=$folder/$link ;; esac
done
exec "$folder/turbosat" -- "$1" "$2/proof.out"
