"""Studies of what a device is worth, to be run where there is one."""
