"""The support desk of a tent shop as a web service: a LangGraph agent ready to copy and deploy.

    python -m production_agent --port 8000        # http://127.0.0.1:8000 is the page
    python -m production_agent --set-up           # for PostgreSQL: makes or updates the tables

Read it in this order. The shop's own: `tools` (what it can do, its policy and its prompt). What
every agent needs: `context`, `graph` (the agent), `model` (asking it, within limits), `approval`
(what a person may decide), `runs` (a turn from its first to its last event, and what happens after
a crash), `store` (who owns what; leases, claims and effects), `database` and `migrations`, `routes`
and `bodies` (HTTP), `service`, `server` (limits and the orderly end), `auth`, `settings`, `logs`,
`metrics`, `tracing`. `turn` serves agent_checklist alone. How it is operated:
docs/production_agent.md.
"""
