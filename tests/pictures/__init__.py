"""What agents see, as pictures: a short story is played in the laboratory, and drawn as Slack and a mail program do."""
