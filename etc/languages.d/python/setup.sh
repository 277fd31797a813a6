#!/bin/sh
# setup.sh - what the image of Python gets besides the distribution's packages; run as root while it is built
#
# sys.path gets the directory of a job's packages by a .pth file, as site-packages itself would
# read it; live output is made line by line in the same way.
set -eu
site=/usr/lib/python3/dist-packages
echo 'import cee_layer' > $site/cee-layer.pth
printf '%s\n' 'import os; os.environ.get("CEE_LINES") and __import__("cee_lines")' > $site/cee-lines.pth
cp /usr/lib/cee/python/cee_layer.py /usr/lib/cee/python/cee_lines.py $site/
python3 -c 'import sys, py_compile
for name in sys.argv[1:]:
	py_compile.compile(name, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)' $site/cee_layer.py $site/cee_lines.py
# the hosts that the client asks without an index, for the image's label
python3 -I /usr/lib/cee/python/fetch.py --registry > /usr/lib/cee/python/registry
