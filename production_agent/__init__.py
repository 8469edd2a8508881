"""The support desk of a tent shop as a web service: a LangGraph agent ready to copy and deploy.

    python -m production_agent --port 8000        # http://127.0.0.1:8000 is the page
    python -m production_agent --set-up           # once, for PostgreSQL: makes the tables

Read it in this order: `graph` (the agent), `tools` (what it can do), `approval` (what a person may
decide), `runs` (a turn from its first to its last event, and what happens after a crash), `service`
(HTTP), `store` and `database` (who owns what; leases, claims and effects), `settings`, `logs`.
"""
