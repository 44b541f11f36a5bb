"""Exports in versitygw."""
from tests.support.services import Versitygw
from tests.support.store_cases import store_cases

SinkContract, ExportToStore = store_cases(Versitygw)
