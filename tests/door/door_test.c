/* libkiln as a C program uses it: only the public header, only C11. */
#include <kiln.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures = 0;
#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

static const char kView[] =
    "{\"resourceType\":\"ViewDefinition\",\"name\":\"patients\",\"status\":\"active\","
    "\"resource\":\"Patient\",\"select\":[{\"column\":[{\"name\":\"id\",\"path\":\"id\"},"
    "{\"name\":\"active\",\"path\":\"active\"},"
    "{\"name\":\"born\",\"path\":\"birthDate\","
    "\"tag\":[{\"name\":\"ansi/type\",\"value\":\"DATE\"}]},"
    "{\"name\":\"given\",\"path\":\"name.given\",\"collection\":true}]}]}";

static char folder[] = "/tmp/kiln_door_XXXXXX";
static char data_path[64];

static void write_patients(int count, const char* last_line) {
  FILE* const file = fopen(data_path, "w");
  if (file == NULL) abort();
  for (int i = 0; i < count; ++i) {
    fprintf(file,
            "{\"resourceType\":\"Patient\",\"id\":\"a-rather-long-id-%d\",\"active\":%s,"
            "\"birthDate\":\"1970-01-%02d\",\"name\":[{\"given\":[\"A\",\"B%d\"]}]}\n",
            i, i % 2 == 0 ? "true" : "false", i % 28 + 1, i);
  }
  if (last_line != NULL) fprintf(file, "%s\n", last_line);
  fclose(file);
}

static kiln_view* open_view(void) {
  kiln_view* view = NULL;
  kiln_diagnostics* found = NULL;
  CHECK(kiln_view_open(kView, strlen(kView), NULL, NULL, &view, &found) == KILN_OK);
  CHECK(view != NULL);
  kiln_diagnostics_free(found);
  return view;
}

static kiln_scan* open_scan(const kiln_view* view, const kiln_scan_options* options) {
  const char* const paths[] = {data_path};
  kiln_scan* scan = NULL;
  CHECK(kiln_scan_open(view, paths, 1, options, &scan, NULL) == KILN_OK);
  return scan;
}

static void test_version(void) {
  CHECK(kiln_abi_version() == KILN_ABI_VERSION);
  CHECK(strstr(kiln_version(), " (") != NULL);
}

static void test_a_view_tells_what_it_is(void) {
  kiln_view* const view = open_view();
  CHECK(strcmp(kiln_view_name(view), "patients") == 0);
  CHECK(strcmp(kiln_view_resource(view), "Patient") == 0);
  struct ArrowSchema schema;
  CHECK(kiln_view_schema(view, &schema) == KILN_OK);
  CHECK(schema.n_children == 4);
  CHECK(strcmp(schema.children[0]->format, "vu") == 0);
  CHECK(strcmp(schema.children[1]->format, "b") == 0);
  CHECK(strcmp(schema.children[2]->format, "tdD") == 0);
  CHECK(strcmp(schema.children[2]->name, "born") == 0);
  CHECK(strcmp(schema.children[3]->format, "+l") == 0);
  schema.release(&schema);
  kiln_view_free(view);
}

static void test_what_is_wrong_is_a_value(void) {
  const char* const text =
      "{\"resourceType\":\"ViewDefinition\",\"status\":\"active\",\"resource\":\"Patient\","
      "\"select\":[{\"column\":[{\"name\":\"b\",\"path\":\"birthDat\"}]}]}";
  kiln_view* view = (kiln_view*)1;
  kiln_diagnostics* found = NULL;
  CHECK(kiln_view_open(text, strlen(text), "mine.json", NULL, &view, &found) == KILN_INVALID);
  CHECK(view == NULL);
  CHECK(kiln_diagnostics_count(found) == 1);
  const kiln_diagnostic one = kiln_diagnostics_at(found, 0);
  CHECK(one.severity == KILN_ERROR);
  CHECK(strcmp(one.source, "mine.json") == 0);
  CHECK(one.line == 1 && one.column > 100);
  CHECK(strcmp(one.suggestion, "birthDate") == 0);
  CHECK(strcmp(one.path, "select[0].column[0].path") == 0);
  kiln_diagnostics_free(found);
  CHECK(kiln_view_open("{", 1, NULL, NULL, &view, &found) == KILN_INVALID);
  kiln_diagnostics_free(found);
  CHECK(kiln_view_open(kView, strlen(kView), NULL, "R9", &view, NULL) == KILN_USAGE);
  CHECK(kiln_view_open_file("/nowhere/v.json", NULL, &view, &found) == KILN_NOT_FOUND);
  kiln_diagnostics_free(found);
  CHECK(kiln_diagnostics_count(NULL) == 0);
}

/* All rows of the stream; -1 if it fails. */
static int64_t pull(struct ArrowArrayStream* stream) {
  int64_t rows = 0;
  for (;;) {
    struct ArrowArray array;
    if (stream->get_next(stream, &array) != 0) return -1;
    if (array.release == NULL) return rows;
    const int32_t* const days = (const int32_t*)array.children[2]->buffers[1];
    for (int64_t i = 0; i < array.length; ++i) {
      CHECK(days[array.children[2]->offset + i] == (rows + i) % 28);
    }
    rows += array.length;
    array.release(&array);
  }
}

static void test_rows_come_in_order_and_typed(void) {
  write_patients(30000, NULL);
  kiln_view* const view = open_view();
  kiln_scan* const scan = open_scan(view, NULL);
  kiln_view_free(view); /* the scan has what it needs */
  struct ArrowArrayStream stream;
  CHECK(kiln_scan_stream(scan, &stream) == KILN_OK);
  struct ArrowSchema schema;
  CHECK(stream.get_schema(&stream, &schema) == 0);
  CHECK(schema.n_children == 4);
  schema.release(&schema);
  CHECK(pull(&stream) == 30000);
  CHECK(kiln_scan_progress(scan).rows == 30000);
  CHECK(kiln_scan_progress(scan).bytes == kiln_scan_progress(scan).bytes_total);
  struct ArrowArrayStream second;
  CHECK(kiln_scan_stream(scan, &second) == KILN_USAGE);
  CHECK(second.release == NULL);
  kiln_diagnostics* const found = kiln_scan_diagnostics(scan);
  CHECK(kiln_diagnostics_count(found) == 0);
  kiln_scan_free(scan);
  stream.release(&stream); /* it outlives the scan */
}

static void test_a_limit_and_options_of_another_version(void) {
  kiln_view* const view = open_view();
  kiln_scan_options options;
  kiln_scan_options_init(&options);
  options.limit = 7;
  options.threads = 1;
  kiln_scan* scan = open_scan(view, &options);
  struct ArrowArrayStream stream;
  CHECK(kiln_scan_stream(scan, &stream) == KILN_OK);
  CHECK(pull(&stream) == 7);
  stream.release(&stream);
  kiln_scan_free(scan);
  options.struct_size -= 8;
  const char* const paths[] = {data_path};
  CHECK(kiln_scan_open(view, paths, 1, &options, &scan, NULL) == KILN_USAGE);
  CHECK(kiln_scan_open(view, paths, 0, NULL, &scan, NULL) == KILN_USAGE);
  const char* const nothing[] = {"/nowhere"};
  CHECK(kiln_scan_open(view, nothing, 1, NULL, &scan, NULL) == KILN_NOT_FOUND);
  const char* const standard_input[] = {"-"};
  CHECK(kiln_scan_open(view, standard_input, 1, NULL, &scan, NULL) == KILN_USAGE);
  kiln_view_free(view);
}

static void test_a_bad_line_fails_the_stream(void) {
  write_patients(3, "{\"resourceType\":\"Patient\",");
  kiln_view* const view = open_view();
  kiln_scan* const scan = open_scan(view, NULL);
  struct ArrowArrayStream stream;
  CHECK(kiln_scan_stream(scan, &stream) == KILN_OK);
  CHECK(pull(&stream) == -1);
  CHECK(strstr(stream.get_last_error(&stream), "Patient.ndjson:4:") != NULL);
  kiln_diagnostics* const found = kiln_scan_diagnostics(scan);
  CHECK(kiln_diagnostics_count(found) == 1);
  CHECK(kiln_diagnostics_at(found, 0).line == 4);
  CHECK(kiln_diagnostics_at(found, 0).code == KILN_INVALID);
  kiln_diagnostics_free(found);
  stream.release(&stream);
  kiln_scan_free(scan);
  kiln_view_free(view);
}

static void test_cancel_and_release_end_a_scan(void) {
  write_patients(200000, NULL);
  kiln_view* const view = open_view();
  for (int by_cancel = 0; by_cancel < 2; ++by_cancel) {
    kiln_scan* const scan = open_scan(view, NULL);
    struct ArrowArrayStream stream;
    CHECK(kiln_scan_stream(scan, &stream) == KILN_OK);
    struct ArrowArray array;
    CHECK(stream.get_next(&stream, &array) == 0);
    CHECK(array.release != NULL);
    if (by_cancel) {
      kiln_scan_cancel(scan);
      CHECK(pull(&stream) == -1);
      kiln_scan_cancel(scan);
    }
    stream.release(&stream);
    kiln_scan_free(scan);
    array.release(&array); /* and the rows outlive both */
  }
  kiln_scan_free(open_scan(view, NULL)); /* one that was never started */
  kiln_view_free(view);
}

int main(void) {
  if (mkdtemp(folder) == NULL) return 2;
  snprintf(data_path, sizeof(data_path), "%s/Patient.ndjson", folder);
  test_version();
  test_a_view_tells_what_it_is();
  test_what_is_wrong_is_a_value();
  test_rows_come_in_order_and_typed();
  test_a_limit_and_options_of_another_version();
  test_a_bad_line_fails_the_stream();
  test_cancel_and_release_end_a_scan();
  remove(data_path);
  rmdir(folder);
  if (failures == 0) puts("all well");
  return failures == 0 ? 0 : 1;
}
