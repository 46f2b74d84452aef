"""A bundle proves itself, or says what is wrong with it."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
import zstandard

from contracts.errors import ArchiveDamaged
from tests.archive.bench import ArchivingBench, bench_in
from workers.archive.bundle import Bundle, BundleWriter
from workers.archive.layout import Definition, Head, History, Line, Payload, pack
from workers.archive.proof import Proof

BIG = "y" * 300_000


@pytest.fixture
def bundle(tmp_path: Path) -> bytes:
    """A bundle of some executions, with payloads, of two days joined."""
    with bench_in(tmp_path, "memory") as bench:
        for _ in range(3):
            bench.run_some(5, given={"big": BIG})
            bench.later()
        [name] = made(bench)
        with bench.archive.open(name) as file:
            return file.read()


def made(bench: ArchivingBench) -> list[str]:
    """What is in the archive, after the day is over."""
    bench.later(25 * 3_600_000)
    return bench.archive.names()[:1]


def problems_of(content: bytes) -> list[str]:
    proof = Proof(Bundle(io.BytesIO(content))).run()
    return [*proof.problems, *map(str, proof.divergences)]


def test_a_bundle_is_proved_from_itself(bundle: bytes) -> None:
    proof = Proof(Bundle(io.BytesIO(bundle))).run()
    assert (proof.problems, proof.divergences) == ([], [])
    assert proof.verifier.executions >= 15
    assert proof.definitions >= 1
    assert proof.payloads == 1


def test_any_other_program_reads_its_content(bundle: bytes) -> None:
    content = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(bundle), read_across_frames=True).read()
    assert BIG.encode() in content


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999])
def test_a_bit_that_flips_is_noticed(bundle: bytes, share: float) -> None:
    at = int(len(bundle) * share)
    broken = bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 :]
    with pytest.raises(ArchiveDamaged):
        problems_of(broken)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.99])
def test_one_that_is_cut_off_is_none(bundle: bytes, share: float) -> None:
    with pytest.raises(ArchiveDamaged):
        Bundle(io.BytesIO(bundle[: int(len(bundle) * share)]))


def written(*items: Definition | Payload | History) -> bytes:
    """A bundle with these in it, and a digest that fits."""
    file = io.BytesIO()
    writer = BundleWriter(file, Head("journal", 0, 1))
    for item in items:
        match item:
            case Definition():
                writer.define(item)
            case Payload():
                writer.pay(item)
            case History():
                writer.tell(item, Line(item.execution, 0, "w", "completed", 1, 2, len(item.decisions)))
    writer.close()
    return file.getvalue()


def test_a_history_that_lacks_a_decision_is_no_proof(bundle: bytes) -> None:
    items = list(Bundle(io.BytesIO(bundle)).items())
    histories = [item for item in items if isinstance(item, History)]
    assert problems_of(written(*items)) == []
    for cut in (History(histories[0].execution, histories[0].decisions[:-1]), History(histories[0].execution, [])):
        others = [item for item in items if not isinstance(item, History)]
        assert problems_of(written(*others, cut))


def test_a_payload_that_was_exchanged_is_noticed(bundle: bytes) -> None:
    items = list(Bundle(io.BytesIO(bundle)).items())
    exchanged = [Payload(item.hash, b'{"other": 1}') if isinstance(item, Payload) else item for item in items]
    assert any("other bytes" in problem for problem in problems_of(written(*exchanged)))


def test_a_definition_that_was_exchanged_is_noticed(bundle: bytes) -> None:
    items = list(Bundle(io.BytesIO(bundle)).items())
    changed = [Definition(one.hash, one.name, one.version, one.content + b" ") if isinstance(one, Definition) else one for one in items]
    with pytest.raises(ArchiveDamaged, match="another content"):
        problems_of(written(*changed))


def test_a_history_under_another_name_is_noticed(bundle: bytes) -> None:
    items = list(Bundle(io.BytesIO(bundle)).items())
    renamed = [History("other", item.decisions) if isinstance(item, History) else item for item in items][:4]
    assert any("another" in problem for problem in problems_of(written(*renamed)))


@pytest.mark.parametrize("content", [b"", b"x" * 10, b"x" * 1_000, bytes(1_000), pack(Head("j", 0, 1)) * 40])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(ArchiveDamaged):
        Bundle(io.BytesIO(content))


def test_zstd_itself_finds_nothing_to_complain_about(bundle: bytes, tmp_path: Path) -> None:
    try:
        subprocess.run(["zstd", "--version"], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("there is no program zstd on this machine")
    (tmp_path / "b.zst").write_bytes(bundle)
    subprocess.run(["zstd", "-t", tmp_path / "b.zst"], capture_output=True, check=True)
