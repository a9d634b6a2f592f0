# The Makefile of a configuration folder: copy it to /etc/facteur/Makefile.
#
#	make		compile what changed, and have a running server take it up
#	make check	say what is wrong, change nothing
#	make rollback	go back to the generation before
#
# "facteur compile" compares with the generation in force itself, and sees changes in files that stand
# elsewhere, too: so it is asked each time, and makes a generation only where something changed.

FACTEUR ?= facteur
DIR     := $(dir $(abspath $(firstword $(MAKEFILE_LIST))))

# Where no server runs, the next start takes it up.
RELOAD = ! $(FACTEUR) status -c $(DIR) >/dev/null 2>&1 || $(FACTEUR) reload -c $(DIR)

.PHONY: all check rollback

all:
	@$(FACTEUR) compile -c $(DIR)
	@$(RELOAD)

check:
	@$(FACTEUR) check -c $(DIR)

rollback:
	@$(FACTEUR) rollback -c $(DIR)
	@$(RELOAD)
