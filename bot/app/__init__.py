"""Builds and runs the process: the only package that knows concrete classes."""
