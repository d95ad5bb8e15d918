"""Sleep proxies: who offers, who holds which address for whom, and how that ends."""
