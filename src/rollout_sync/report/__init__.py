"""What people read: pages and pictures made from a case and its review. Values come in, text goes out."""
