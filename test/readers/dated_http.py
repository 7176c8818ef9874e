"""What DuckDB's own httpfs does (HEAD, then ranges), through Python: no extension has to be downloaded for it."""

from email.utils import parsedate_to_datetime

from fsspec.implementations.http import HTTPFileSystem


class DatedHttpFileSystem(HTTPFileSystem):
    """fsspec's HTTP files with the date that DuckDB asks for, out of the Last-Modified of the HEAD answer."""

    def modified(self, path):
        return parsedate_to_datetime(self.info(path)["Last-Modified"])
