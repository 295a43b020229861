"""Photographs of paintings, composed from reproductions: walls, frames, perspective, light and compression."""
