#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a command inside tools/with-sim with the argument ASSET replaced by the id of the demo data's first asset. The id is
# asked of the simulator's own control path, which spends no quota.
#   with-asset.sh COMMAND ARGUMENTS...
set -euo pipefail
asset=$("${PYTHON:-/usr/bin/python3}" -c 'import json, os, urllib.request
print(json.load(urllib.request.urlopen(os.environ["ICONIK_BASE_URL"] + "/_sim/seed"))["ids"]["assets"][0])')
exec "${@/#ASSET/$asset}"
