"""Our own tables, as numbered steps; the checkpointer's tables have steps of their own.

A step is never changed once it has been deployed: add another at the end. Each runs in one
transaction, in order. Make a step so that the version before it goes on working, as it does while a
deploy is under way: add columns with a default, remove one only a version after its last use.
Statements have a `;` between them and nowhere else, and no `?` and no `%`.
"""

from __future__ import annotations

__all__ = ("MIGRATIONS",)

TABLES = """
create table if not exists threads (
  id text primary key, owner text not null, title text not null,
  created double precision not null);
create index if not exists threads_of on threads (owner, created);
create table if not exists runs (
  id text primary key, thread text not null, owner text not null, kind text not null,
  started double precision not null, lease double precision not null,
  outcome text, reference text, sentence text, request text, stop integer not null default 0);
create unique index if not exists one_run_a_thread on runs (thread) where outcome is null;
create index if not exists runs_in on runs (thread, started);
create unique index if not exists one_run_a_request on runs (thread, request);
create index if not exists runs_left on runs (thread, started)
  where outcome in ('handed_on', 'lost');
create index if not exists runs_of_a_person on runs (thread) where outcome = 'needs_person';
create table if not exists approvals (
  id text primary key, thread text not null, owner text not null, calls text not null,
  digest text not null, created double precision not null, expires double precision not null,
  state text not null, decision text, decided double precision, decider text,
  attempts integer not null, by_approver integer not null default 0);
create index if not exists approvals_of on approvals (owner, state, created, id);
create index if not exists approvals_in on approvals (thread, state);
create index if not exists approvals_decided on approvals (thread) where state = 'decided';
create index if not exists approvals_waiting on approvals (created, id) where state = 'pending';
create table if not exists effects (
  key text primary key, thread text not null, owner text not null, name text not null,
  details text not null, at double precision not null, run text, budget text,
  amount double precision, call text, proposed text, decision text, decided double precision,
  decider text);
create index if not exists effects_of_budget on effects (budget);
create index if not exists effects_in on effects (thread);
create table if not exists turns (owner text not null, at double precision not null);
create index if not exists turns_of on turns (owner, at);
create table if not exists probe (id integer primary key, at double precision not null);
insert into probe values (1, 0) on conflict do nothing
"""

MIGRATIONS = (TABLES,)
