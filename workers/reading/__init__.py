"""Reading: of one execution from the journal, of lists from the read models, and the projector that fills them."""
