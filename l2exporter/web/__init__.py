"""HTTP: the exposition, health and a landing page. Knows no signal."""
