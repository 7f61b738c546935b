"""The same questions with PostgreSQL beneath: the hub and its peers on one server, which keeps durably."""
