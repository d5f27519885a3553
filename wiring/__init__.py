"""What conftest.py hands on: pytest's hooks, one subject a file."""
