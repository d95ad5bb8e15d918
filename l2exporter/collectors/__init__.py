"""Events or rows to bounded state to metric families. One signal a file; `registry` lists them."""
