"""Pure functions on arrays: how good is an embedding?"""
