"""biocore: capture fingerprints and irises, check their quality, extract and compare templates."""

from biocore import _opencv

_opencv.require()  # first of all: names the missing system package instead of a traceback
