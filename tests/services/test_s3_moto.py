"""Exports in moto."""
from tests.support.services import Moto
from tests.support.store_cases import store_cases

SinkContract, ExportToStore = store_cases(Moto)
