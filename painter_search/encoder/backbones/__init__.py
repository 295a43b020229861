"""What `encoder/backbone.py` builds from: timm's models, transformers and files of weights."""
