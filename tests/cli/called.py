"""What came of one call of the command line."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Called"]


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str

    def assert_refused(self, code: int, says: str) -> None:
        """One line on the error stream that says what to do, and nothing else anywhere."""
        assert (self.code, self.out) == (code, "")
        assert self.err.startswith("simkyc: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith("\n")
        assert says in self.err
        assert "Traceback" not in self.err
        assert len(self.err) < 500
