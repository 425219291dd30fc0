#!/bin/sh
# ssh asks this program for the password: hand out the next line of $ANSWERS at each question.
sed -n 1p "$ANSWERS"
sed -i 1d "$ANSWERS"
