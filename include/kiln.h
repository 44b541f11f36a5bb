/* Kiln as a library: tables out of FHIR resources, as Arrow streams.
 *
 *     kiln_view* view = NULL;
 *     kiln_diagnostics* found = NULL;
 *     if (kiln_view_open_file("patients.json", NULL, &view, &found) != KILN_OK) { ... }
 *     const char* data[] = {"data/"};
 *     kiln_scan* scan = NULL;
 *     kiln_scan_open(view, data, 1, NULL, &scan, &found);
 *     struct ArrowArrayStream stream;
 *     kiln_scan_stream(scan, &stream);
 *
 * What a view is: HL7's SQL on FHIR, ViewDefinition. What comes out of the stream: the Arrow C Data
 * and Stream Interfaces; any Arrow library imports them.
 *
 * Nothing here prints, ends the process, or keeps anything between calls. Functions that take the
 * same object may be called by one thread at a time, except where it says "any thread"; different
 * objects have nothing to do with each other. Texts are UTF-8. A text that is returned belongs to
 * the object that it was asked of, and lives as long as that.
 */
#ifndef KILN_H_
#define KILN_H_

#include <stddef.h>
#include <stdint.h>

#include "kiln_arrow_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KILN_EXPORT __attribute__((visibility("default")))
#else
#define KILN_EXPORT
#endif

/* Goes up with every change that an older program would not understand. */
#define KILN_ABI_VERSION 1

/* Why something failed, by what a caller does about it. */
typedef enum kiln_status {
  KILN_OK = 0,
  KILN_USAGE = 1,       /* asked wrongly: an option, an argument */
  KILN_INVALID = 2,     /* a view or a line of data breaks a rule */
  KILN_NOT_FOUND = 3,   /* something that was named does not exist */
  KILN_UNSUPPORTED = 4, /* understood, but not something Kiln does */
  KILN_LIMIT = 5,       /* a bound was passed */
  KILN_CONFLICT = 6,    /* the state of things does not allow it: data that changed meanwhile */
  KILN_CANCELLED = 7,
  KILN_UNAVAILABLE = 8, /* may work if tried again later */
  KILN_IO = 9,          /* the operating system refused */
  KILN_NO_MEMORY = 10,
  KILN_INTERNAL = 11 /* Kiln's own fault */
} kiln_status;

/* "0.1.0 (1a2b3c4d5e6f)". Any thread. */
KILN_EXPORT const char* kiln_version(void);
/* KILN_ABI_VERSION of the library that is there. Any thread. */
KILN_EXPORT uint32_t kiln_abi_version(void);

/* ---- what is wrong, as values ---- */

typedef enum kiln_severity { KILN_ERROR = 0, KILN_WARNING = 1 } kiln_severity;

/* Texts that are unknown are "", numbers 0. */
typedef struct kiln_diagnostic {
  kiln_severity severity;
  kiln_status code;
  const char* message;
  const char* source;     /* file, or the name that a text was given */
  uint64_t line;          /* from 1 */
  uint64_t column;        /* from 1, in bytes */
  const char* path;       /* of the element: "select[0].column[1].path" */
  const char* suggestion; /* what may have been meant: "birthDate" */
} kiln_diagnostic;

/* A list in the order in which things were found. */
typedef struct kiln_diagnostics kiln_diagnostics;
KILN_EXPORT size_t kiln_diagnostics_count(const kiln_diagnostics* diagnostics);
/* `index` below the count. Lives as long as the list. */
KILN_EXPORT kiln_diagnostic kiln_diagnostics_at(const kiln_diagnostics* diagnostics, size_t index);
/* Null is nothing. */
KILN_EXPORT void kiln_diagnostics_free(kiln_diagnostics* diagnostics);

/* ---- views ---- */

/* A ViewDefinition, checked and compiled. Immutable: any thread, also several at once. */
typedef struct kiln_view kiln_view;

/* Opens a view from JSON text: a ViewDefinition, or a Bundle or Parameters with one. `name` is what
 * diagnostics call the text; null: "view". `fhir_version`: "R4", "R4B", "R5", "R6"; null: the
 * newest that the view names, else R4. `diagnostics` (null: not wanted) gets a list, or null if
 * there is nothing to tell; a view that opens may have warnings. */
KILN_EXPORT kiln_status kiln_view_open(const char* json, size_t size, const char* name,
                                       const char* fhir_version, kiln_view** view,
                                       kiln_diagnostics** diagnostics);
/* The same from a file. */
KILN_EXPORT kiln_status kiln_view_open_file(const char* path, const char* fhir_version,
                                            kiln_view** view, kiln_diagnostics** diagnostics);
/* Scans that were opened on it go on. Null is nothing. */
KILN_EXPORT void kiln_view_free(kiln_view* view);

/* Its name; of a view from a file without one, the file's. */
KILN_EXPORT const char* kiln_view_name(const kiln_view* view);
/* The type of resource that it is over: "Patient". */
KILN_EXPORT const char* kiln_view_resource(const kiln_view* view);
/* The columns, as a struct. The caller releases `schema`. */
KILN_EXPORT kiln_status kiln_view_schema(const kiln_view* view, struct ArrowSchema* schema);

/* ---- scans ---- */

typedef struct kiln_scan_options {
  size_t struct_size;          /* sizeof(kiln_scan_options): set by kiln_scan_options_init() */
  uint32_t threads;            /* 0: one for each core */
  uint64_t limit;              /* most rows; UINT64_MAX: all */
  const char* since;           /* only resources updated later than this instant; null: all */
  const char* const* patients; /* only in the compartments of these: "Patient/1", "1" */
  size_t patient_count;
  const char* const* groups; /* and of the members of these: "Group/1", "1" */
  size_t group_count;
  int skip_errors;        /* a bad line or row is skipped, and told by a warning */
  int validate_full;      /* every byte of every line is checked */
  int lenient_casts;      /* a value that does not fit its column is null */
  uint64_t max_line_size; /* bytes of the longest line; 0: 256 MiB */
  uint64_t memory_limit;  /* bytes that evaluation may use; 0: no bound */
} kiln_scan_options;

/* Fills in what holds if nothing is asked for. */
KILN_EXPORT void kiln_scan_options_init(kiln_scan_options* options);

/* One pass of a view over data. */
typedef struct kiln_scan kiln_scan;

/* Opens the data: files, folders and globs, as `kiln run --data` takes them, but not "-". What is
 * appended to a file later is not seen. `options` null: as kiln_scan_options_init() has it. Looks
 * patients and groups up, which takes a pass over Patients and Groups. */
KILN_EXPORT kiln_status kiln_scan_open(const kiln_view* view, const char* const* paths,
                                       size_t path_count, const kiln_scan_options* options,
                                       kiln_scan** scan, kiln_diagnostics** diagnostics);

/* Starts it. `stream` gives its rows in the order of the data, a few batches ahead of who pulls;
 * dates, times, decimals and the rest have Arrow's types, texts are string views. A failure is told
 * by the stream's get_next() and get_last_error(), and by kiln_scan_diagnostics(). It may be pulled
 * by any thread, one at a time, and must be released; it may outlive the scan. Released before its
 * end, it ends the scan. Once for each scan. */
KILN_EXPORT kiln_status kiln_scan_stream(kiln_scan* scan, struct ArrowArrayStream* stream);

typedef struct kiln_progress {
  uint64_t bytes;       /* read, of the files as they are on disk */
  uint64_t bytes_total; /* to be read; 0: not known */
  uint64_t rows;        /* given, or about to be */
} kiln_progress;

/* Any thread, at any time. */
KILN_EXPORT kiln_progress kiln_scan_progress(const kiln_scan* scan);
/* Ends it soon; whoever pulls gets an error. Any thread, at any time, any number of times. */
KILN_EXPORT void kiln_scan_cancel(kiln_scan* scan);
/* After the stream's end, or its failure: what was skipped or left out, and why it failed. Null if
 * there is nothing to tell, or it is not over. The caller frees the list. */
KILN_EXPORT kiln_diagnostics* kiln_scan_diagnostics(const kiln_scan* scan);
/* Null is nothing. */
KILN_EXPORT void kiln_scan_free(kiln_scan* scan);

#ifdef __cplusplus
}
#endif

#endif /* KILN_H_ */
