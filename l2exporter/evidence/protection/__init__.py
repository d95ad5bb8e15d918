"""Who is protected, which MACs they should have, and who else claims them."""
