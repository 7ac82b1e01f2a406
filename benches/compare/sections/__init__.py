"""What is measured, a section in each file: `run(stand)` gives its lines as they come."""
