"""What raters use: questions and answers, earlier work, guidelines and qualification."""
