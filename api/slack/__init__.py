"""What Slack sends when somebody presses a button of a message about a human task, or sends a form off."""
