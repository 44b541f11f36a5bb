"""Reads a view through libkiln and pyarrow, and prints what came of it as JSON.

usage: read_with_pyarrow.py LIBRARY VIEW DATA...
"""
import ctypes
import json
import sys

import pyarrow


class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32),
                ("limit", ctypes.c_uint64), ("since", ctypes.c_char_p),
                ("patients", ctypes.POINTER(ctypes.c_char_p)), ("patient_count", ctypes.c_size_t),
                ("groups", ctypes.POINTER(ctypes.c_char_p)), ("group_count", ctypes.c_size_t),
                ("skip_errors", ctypes.c_int), ("validate_full", ctypes.c_int),
                ("lenient_casts", ctypes.c_int), ("max_line_size", ctypes.c_uint64),
                ("memory_limit", ctypes.c_uint64)]


def main():
    kiln = ctypes.CDLL(sys.argv[1])
    kiln.kiln_version.restype = ctypes.c_char_p
    view, scan = ctypes.c_void_p(), ctypes.c_void_p()
    status = kiln.kiln_view_open_file(sys.argv[2].encode(), None, ctypes.byref(view), None)
    assert status == 0, status
    options = Options()
    kiln.kiln_scan_options_init(ctypes.byref(options))
    assert options.struct_size == ctypes.sizeof(options)
    options.patients = (ctypes.c_char_p * 2)(b"Patient/p1", b"p3")
    options.patient_count = 2
    paths = (ctypes.c_char_p * len(sys.argv[3:]))(*(path.encode() for path in sys.argv[3:]))

    def rows(chosen):
        assert kiln.kiln_scan_open(view, paths, len(paths), chosen, ctypes.byref(scan), None) == 0
        stream = ctypes.create_string_buffer(5 * ctypes.sizeof(ctypes.c_void_p))
        assert kiln.kiln_scan_stream(scan, stream) == 0
        # The reader takes the stream over, and its batches outlive scan and reader.
        table = pyarrow.RecordBatchReader._import_from_c(ctypes.addressof(stream)).read_all()
        kiln.kiln_scan_free(scan)
        table.validate(full=True)
        return table

    table, filtered = rows(None), rows(ctypes.byref(options))
    kiln.kiln_view_free(view)
    print(json.dumps({"version": kiln.kiln_version().decode(),
                      "types": [str(field.type) for field in table.schema],
                      "rows": table.to_pylist(), "filtered": filtered.num_rows}, default=str))


main()
