"""What is made of strangers' files: names, types, pieces and pictures. It knows no database."""
