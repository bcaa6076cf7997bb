"""The tolerant reading of what people type on phones: numbers, quantities, shares, dates, near misses.

Everything here is pure and total: any text gives a value, an empty result or None, never an exception.
Texts are folded first (`folding.fold`); positions in the folded text are positions in the text as written.
"""
