"""What never goes to Lambda: the command line, packaging, the local AWS and the providers' stand-in."""
