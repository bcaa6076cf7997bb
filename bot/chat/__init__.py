"""The vocabulary that every room speaks: messages, commands and their grammar, errors, clock, texts.

Nothing in here imports anything else of the project, and nothing in here knows a platform or a database.
"""
