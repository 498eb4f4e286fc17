"""What is printed of an agreement: PDF by Typst."""
