"""Photographs of paintings: the painting's own quadrilateral is found, and the photograph cropped to it."""
