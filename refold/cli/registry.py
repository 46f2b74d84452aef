"""The verbs of the command line, in the panels and the order that `refold --help` shows them in. A new one is a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import typer

from refold.cli.analytics_verb import analytics
from refold.cli.archive_verbs import archive
from refold.cli.audit_verbs import audit
from refold.cli.breaker_verbs import breakers
from refold.cli.bulk_verbs import bulk, list_, operations, views
from refold.cli.cached_result_verbs import cached_results
from refold.cli.connector_verbs import connectors
from refold.cli.costs_verb import costs
from refold.cli.coverage_verb import coverage
from refold.cli.credential_verbs import credentials
from refold.cli.dead_letter_verbs import dead_letters
from refold.cli.debug_verb import debug
from refold.cli.define_verbs import deploy, node_kinds, schemas, validate
from refold.cli.dependencies_verb import dependencies
from refold.cli.diff_verb import diff
from refold.cli.erase_verb import erase
from refold.cli.event_verbs import asyncapi
from refold.cli.export_verb import export_langgraph
from refold.cli.folder_verbs import accept_loss, backup, restore
from refold.cli.fork_verbs import fork, retry
from refold.cli.heal_verb import heal
from refold.cli.list_verbs import incidents, nodes, waiting
from refold.cli.live_verbs import follow
from refold.cli.look_verbs import history, show, verify
from refold.cli.mcp_verb import mcp
from refold.cli.migrate_verb import migrate
from refold.cli.mutate_verb import mutate
from refold.cli.place_verbs import cluster, doctor, settings, workers
from refold.cli.process_verbs import kafka, serve, worker
from refold.cli.prompt_verbs import prompts
from refold.cli.read_model_verbs import read_models
from refold.cli.replay_verbs import what_if
from refold.cli.run_verbs import continue_, run, start
from refold.cli.steer_verbs import cancel, pause, release, resolve, resume, signal, terminate
from refold.cli.task_verbs import tasks
from refold.cli.test_verb import run_tests
from refold.cli.trace_verb import trace
from refold.cli.trigger_verbs import triggers
from refold.cli.try_verbs import step, try_
from refold.cli.walk_verb import walk
from refold.cli.webhook_verbs import webhooks
from refold.cli.why_verb import why
from refold.cli.workflow_verbs import workflows

Verb: TypeAlias = Callable[..., int] | typer.Typer

PANELS: Mapping[str, Mapping[str, Verb]] = {
    "Run": {
        "run": run,
        "start": start,
        "test-run": try_,
        "continue": continue_,
        "fork": fork,
        "retry": retry,
        "serve": serve,
        "worker": worker,
        "mcp": mcp,
    },
    "Define": {
        "validate": validate,
        "test": run_tests,
        "deploy": deploy,
        "export-langgraph": export_langgraph,
        "workflows": workflows,
        "prompts": prompts,
        "connectors": connectors,
        "dependencies": dependencies,
        "node-kinds": node_kinds,
        "schemas": schemas,
    },
    "Look": {
        "list": list_,
        "show": show,
        "history": history,
        "follow": follow,
        "trace": trace,
        "why": why,
        "walk": walk,
        "diff": diff,
        "verify": verify,
        "what-if": what_if,
        "mutate": mutate,
        "coverage": coverage,
        "nodes": nodes,
        "waiting": waiting,
        "incidents": incidents,
        "analytics": analytics,
        "costs": costs,
        "audit": audit,
        "views": views,
    },
    "Steer": {
        "tasks": tasks,
        "signal": signal,
        "pause": pause,
        "resume": resume,
        "step": step,
        "debug": debug,
        "resolve": resolve,
        "heal": heal,
        "release": release,
        "cancel": cancel,
        "terminate": terminate,
        "erase": erase,
        "bulk": bulk,
        "migrate": migrate,
        "operations": operations,
        "breakers": breakers,
    },
    "Operate": {
        "doctor": doctor,
        "settings": settings,
        "workers": workers,
        "cluster": cluster,
        "kafka": kafka,
        "read-models": read_models,
        "triggers": triggers,
        "cached-results": cached_results,
        "dead-letters": dead_letters,
        "webhooks": webhooks,
        "credentials": credentials,
        "asyncapi": asyncapi,
        "archive": archive,
        "backup": backup,
        "restore": restore,
        "accept-loss": accept_loss,
    },
}
