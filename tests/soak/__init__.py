"""What takes too long for every run of the tests: every order, two faults at once, real processes that are killed."""
