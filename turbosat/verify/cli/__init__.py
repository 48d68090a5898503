"""The command line of questions about circuits, and programs that stand in for other checkers."""
