"""Make the environment, check the machine, pin the packages."""
