"""The server: the wiring that picks adapters, the parts of a process, the services, and the processes around them.

wiring.py, reader_wiring.py  pick adapters                 lifetime.py       from the first request to the last
process.py    begins, moves and ends the parts             parts/            what a process consists of, one file a part
alone.py      what an engine alone on its log consists of  cluster/shared.py what a process of a cluster consists of
engine.py     the parts, moved by steps                    driver.py         the parts, moved in an event loop
alone_service.py, cluster/service.py, common_service.py    what the API asks for
starts.py     from a start to its answer                   lookup.py         reading about one execution
progress.py   how far the read models are                  projector_process.py, projector.py the process that keeps them up
"""
