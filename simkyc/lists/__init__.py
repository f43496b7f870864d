"""Lists that operators keep: who is listed, which devices, which SIM cards lie where.

One row, a file of rows, and what is wrong with a row. What becomes of them is the history's.
"""
