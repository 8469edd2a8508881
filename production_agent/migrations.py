"""Our own tables, as numbered steps; the checkpointer's tables have steps of their own.

A step is never changed once it has been deployed: add another at the end. Each runs in one
transaction, in order. Make a step so that the version before it goes on working, as it does while a
deploy is under way: add columns with a default, remove one only a version after its last use.
"""

from __future__ import annotations

__all__ = ("MIGRATIONS",)

THREADS_RUNS_APPROVALS_EFFECTS = """
create table if not exists threads (
  id text primary key, owner text not null, title text not null,
  created double precision not null);
create index if not exists threads_of on threads (owner, created);
create table if not exists runs (
  id text primary key, thread text not null, owner text not null, kind text not null,
  started double precision not null, lease double precision not null,
  outcome text, reference text);
create unique index if not exists one_run_a_thread on runs (thread) where outcome is null;
create index if not exists runs_of on runs (owner, started);
create index if not exists runs_in on runs (thread, started);
create table if not exists approvals (
  id text primary key, thread text not null, owner text not null, calls text not null,
  digest text not null, created double precision not null, expires double precision not null,
  state text not null, decision text, decided double precision, attempts integer not null);
create index if not exists approvals_of on approvals (owner, state);
create index if not exists approvals_in on approvals (thread, state);
create table if not exists effects (
  key text primary key, thread text not null, owner text not null, name text not null,
  details text not null, at double precision not null)
"""

# {order} and {amount} read a refund's details: the two databases spell it differently.
BUDGETS_RATES_AND_SENTENCES = """
alter table runs add column sentence text;
alter table runs add column request text;
alter table runs add column stop integer not null default 0;
create unique index one_run_a_request on runs (thread, request);
alter table approvals add column decider text;
alter table effects add column run text;
alter table effects add column budget text;
alter table effects add column amount double precision;
update effects set budget = 'refund ' || {order}, amount = cast({amount} as double precision)
  where name = 'refund';
create index effects_of_budget on effects (budget);
create index effects_in on effects (thread);
create table turns (owner text not null, at double precision not null);
create index turns_of on turns (owner, at);
create table probe (id integer primary key, at double precision not null);
insert into probe values (1, 0)
"""

MIGRATIONS = (THREADS_RUNS_APPROVALS_EFFECTS, BUDGETS_RATES_AND_SENTENCES)
