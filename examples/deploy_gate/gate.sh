#!/bin/sh
# Publishes a definition that is valid, passes its tests, and would have let the last executions end as they did.
#
#   examples/deploy_gate/gate.sh examples/order_fulfilment.yaml
#   examples/deploy_gate/gate.sh examples/order_fulfilment.yaml "last 200: output unchanged"
#   examples/deploy_gate/gate.sh examples/order_fulfilment.yaml first      # nothing has run yet: without comparison
#
# REFOLD_SERVER or REFOLD_DATA says where it is published. What it found is left in gate-tests.xml and gate-executions.xml, as JUnit.
# Exit code: 0 published, or published before; otherwise nothing has changed, and the last lines say why.
set -eu
definition=${1:?"which definition? examples/deploy_gate/gate.sh FILE [GATE]"}
gate=${2:-"last 1000: outcome unchanged"}

refold validate "$definition"
refold test "${definition%.yaml}.test.yaml" --junit gate-tests.xml
if [ "$gate" = first ]; then
    refold deploy "$definition"
elif ! refold deploy "$definition" --gate "$gate"; then
    refold what-if "$definition" --junit gate-executions.xml >/dev/null || true
    exit 1
fi
