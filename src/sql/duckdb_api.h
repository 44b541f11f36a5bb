// DuckDB's C functions, looked up in its shared library when a command first needs them. Internal
// to the library: nothing else includes duckdb.h.
#pragma once

#include <duckdb.h>

#include "base/error.h"

namespace kiln::sql {

/// The functions that Kiln calls.
#define KILN_DUCKDB_FUNCTIONS(X)                        \
  X(duckdb_library_version)                             \
  X(duckdb_create_config)                               \
  X(duckdb_set_config)                                  \
  X(duckdb_destroy_config)                              \
  X(duckdb_open_ext)                                    \
  X(duckdb_close)                                       \
  X(duckdb_connect)                                     \
  X(duckdb_disconnect)                                  \
  X(duckdb_interrupt)                                   \
  X(duckdb_query)                                       \
  X(duckdb_result_error)                                \
  X(duckdb_destroy_result)                              \
  X(duckdb_free)                                        \
  X(duckdb_arrow_scan)                                  \
  X(duckdb_create_logical_type)                         \
  X(duckdb_create_decimal_type)                         \
  X(duckdb_create_list_type)                            \
  X(duckdb_destroy_logical_type)                        \
  X(duckdb_get_type_id)                                 \
  X(duckdb_logical_type_get_alias)                      \
  X(duckdb_decimal_width)                               \
  X(duckdb_decimal_scale)                               \
  X(duckdb_decimal_internal_type)                       \
  X(duckdb_enum_internal_type)                          \
  X(duckdb_enum_dictionary_size)                        \
  X(duckdb_enum_dictionary_value)                       \
  X(duckdb_list_type_child_type)                        \
  X(duckdb_array_type_child_type)                       \
  X(duckdb_array_type_array_size)                       \
  X(duckdb_struct_type_child_count)                     \
  X(duckdb_struct_type_child_name)                      \
  X(duckdb_struct_type_child_type)                      \
  X(duckdb_map_type_key_type)                           \
  X(duckdb_map_type_value_type)                         \
  X(duckdb_create_table_function)                       \
  X(duckdb_destroy_table_function)                      \
  X(duckdb_table_function_set_name)                     \
  X(duckdb_table_function_add_parameter)                \
  X(duckdb_table_function_set_extra_info)               \
  X(duckdb_table_function_set_bind)                     \
  X(duckdb_table_function_set_init)                     \
  X(duckdb_table_function_set_function)                 \
  X(duckdb_table_function_supports_projection_pushdown) \
  X(duckdb_register_table_function)                     \
  X(duckdb_bind_get_extra_info)                         \
  X(duckdb_bind_get_parameter)                          \
  X(duckdb_bind_add_result_column)                      \
  X(duckdb_bind_set_bind_data)                          \
  X(duckdb_bind_set_cardinality)                        \
  X(duckdb_bind_set_error)                              \
  X(duckdb_init_get_extra_info)                         \
  X(duckdb_init_get_bind_data)                          \
  X(duckdb_init_set_init_data)                          \
  X(duckdb_init_get_column_count)                       \
  X(duckdb_init_get_column_index)                       \
  X(duckdb_init_set_max_threads)                        \
  X(duckdb_init_set_error)                              \
  X(duckdb_function_get_extra_info)                     \
  X(duckdb_function_get_init_data)                      \
  X(duckdb_function_set_error)                          \
  X(duckdb_get_int64)                                   \
  X(duckdb_destroy_value)                               \
  X(duckdb_data_chunk_get_vector)                       \
  X(duckdb_data_chunk_get_size)                         \
  X(duckdb_data_chunk_set_size)                         \
  X(duckdb_destroy_data_chunk)                          \
  X(duckdb_vector_size)                                 \
  X(duckdb_vector_get_column_type)                      \
  X(duckdb_vector_get_data)                             \
  X(duckdb_vector_get_validity)                         \
  X(duckdb_vector_ensure_validity_writable)             \
  X(duckdb_vector_assign_string_element_len)            \
  X(duckdb_list_vector_get_child)                       \
  X(duckdb_list_vector_set_size)                        \
  X(duckdb_list_vector_reserve)                         \
  X(duckdb_struct_vector_get_child)                     \
  X(duckdb_array_vector_get_child)                      \
  X(duckdb_prepare)                                     \
  X(duckdb_destroy_prepare)                             \
  X(duckdb_prepare_error)                               \
  X(duckdb_prepared_statement_column_count)             \
  X(duckdb_prepared_statement_column_name)              \
  X(duckdb_prepared_statement_column_logical_type)      \
  X(duckdb_param_logical_type)                          \
  X(duckdb_bind_parameter_index)                        \
  X(duckdb_bind_varchar_length)                         \
  X(duckdb_bind_null)                                   \
  X(duckdb_execute_prepared)                            \
  X(duckdb_execute_prepared_streaming)                  \
  X(duckdb_clear_bindings)                              \
  X(duckdb_fetch_chunk)

struct DuckDbApi {
#define KILN_DECLARE(name) decltype(&::name) name;
  KILN_DUCKDB_FUNCTIONS(KILN_DECLARE)
#undef KILN_DECLARE
};

/// Opens libduckdb.so: $KILN_DUCKDB_LIBRARY, else beside the program, in its lib folder, or where
/// the system finds it. The same answer every time; thread-safe.
base::Result<const DuckDbApi*> duckdb_api();

}  // namespace kiln::sql
