"""Make the environment, run all tests, pin the packages, list their licences."""
