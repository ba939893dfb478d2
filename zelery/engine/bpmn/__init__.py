"""Executable models: `read.py` compiles a file once per deployed version, `model.py` is what comes of it.

read(xml, resource) → [Process]     or Refused, with file, element and remedy
"""
