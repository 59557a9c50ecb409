# Everything starts here; deploy/start.py installs what is needed first.
PYTHON ?= python3
ARGS ?=

.PHONY: demo serve test check bench
demo serve check bench:
	@$(PYTHON) deploy/start.py $@

test:
	@$(PYTHON) deploy/start.py test $(ARGS)
