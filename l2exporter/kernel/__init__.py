"""The kernel's own tables over netlink, as typed rows. Knows no metric; one table a file."""
