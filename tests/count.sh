#!/bin/sh
# Turns a ctest log into the plain count line.
awk '/ Passed /{p++} /\*\*\*(Failed|Timeout|Exception|Not Run)/{f++} /\*\*\*Skipped/{s++} END{printf "%d passed, %d failed, %d skipped\n", p, f, s}' "$1"
