"""What training reads: triplets and works, samplers, augmentations, and caches of images and features."""
