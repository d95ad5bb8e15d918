"""Which MACs are of one host, what DHCP gave, who answers for a virtual address, who routes."""
