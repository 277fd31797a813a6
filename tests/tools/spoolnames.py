"""spoolnames.py - what tests know of the names in a spool; in C only src/spool/layout.c does, in bash tests/lib.bash"""

OUT_PATH = "out/*"  # beneath an owner: its finished jobs are OUT_PATH/ID
