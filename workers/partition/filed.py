"""How far the archive of a partition has come, as its journal says, where several may own it: see `workers/cluster/retention.py`."""

from __future__ import annotations

import msgspec

from contracts.journal import Bundled, Cut, Filing, Retired


class Filed(msgspec.Struct, array_like=True):
    """The pieces that hold what was retired, and are in no bundle yet; the bundles that are to be made; what may be deleted.

    A piece or bundle that is done with is taken out as soon as that is known; one too many does no harm.
    """

    pieces: list[str] = []
    bundles: dict[str, tuple[str, ...]] = {}
    last: str = ""
    """The last piece there ever was."""
    out_to: int = 0
    """The offset below which all effects are out, as the last that were retired say."""
    before: int = 0
    """What stands before this offset of the journal may be deleted."""
    kept_at: int = -1
    """Where the copy lies of what is needed of that; -1 for nowhere."""

    def take(self, record: Filing) -> None:
        """Note what stands in the journal."""
        match record:
            case Retired():
                self.out_to = max(self.out_to, record.dispatched_to)
                if record.piece:
                    self.pieces.append(record.piece)
                    self.last = record.piece
            case Bundled():
                self.bundles[record.bundle] = record.pieces
            case Cut():
                self.before, self.kept_at = record.before, record.kept_at

    def done(self, bundle: str) -> None:
        """A bundle is made, and its pieces are gone."""
        gone = set(self.bundles.pop(bundle, ()))
        self.pieces = [piece for piece in self.pieces if piece not in gone]

    @property
    def unbundled(self) -> list[str]:
        """The pieces of which no bundle is to be made yet, in their order."""
        taken = {piece for pieces in self.bundles.values() for piece in pieces}
        return [piece for piece in self.pieces if piece not in taken]
