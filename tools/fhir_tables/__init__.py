"""The parts of generate_fhir_tables.py, one concept a file."""
