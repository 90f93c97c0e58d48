# SPDX-License-Identifier: MIT
"""Generates a C library from OpenAPI documents.

Data goes one way: load -> correct -> build -> names -> view -> render -> write.
Each step is a pure function over typed values; docs/spec.md describes the input.
"""
