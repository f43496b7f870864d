"""Reading the text of a message and forgetting it: normalised, sketched, held against words and a model."""
