"""The stack of `make run` and `make exec`: it starts processes and imports no Django.

`__main__` reads the command line, `supervisor` tells the story of a run, `stores` holds PostgreSQL
and Redis together, and everything the stack keeps lies in the folder that `layout` describes.
"""
