"""What is decided: from commands and facts to new facts, without ever touching the world."""
