"""Where the embeddings of an index lie and how they are searched: FAISS files in its folder, or Milvus."""
