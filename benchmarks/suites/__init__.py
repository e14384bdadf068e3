"""What is measured: a module per suite, with ROWS, FRAMEWORKS and steps(framework, row, device)."""
