"""Tests of workflows: one execution a case, decided in virtual time with results that the case gives. No engine, no log, no sleep."""
