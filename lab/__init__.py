"""Equipment of single lessons: child processes, PostgreSQL, cost and herd measurements, traces."""
