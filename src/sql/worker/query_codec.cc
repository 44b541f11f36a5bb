#include "sql/worker/query_codec.h"

#include <algorithm>

namespace kiln::sql {
namespace {

using base::Error;
using base::ErrorCode;

void write_labels(const std::vector<Label>& labels, WireWriter& out) {
  out.put(uint64_t{labels.size()});
  for (const Label& label : labels) {
    out.put(label.name);
    out.put(uint64_t{label.relation});
  }
}

std::vector<Label> read_labels(WireReader& in) {
  std::vector<Label> labels(in.count(16));
  for (Label& label : labels) {
    label.name = in.text();
    label.relation = in.get<uint64_t>();
  }
  return labels;
}

void write_statement(const Statement& statement, WireWriter& out) {
  out.put(statement.text());
  out.put(statement.source());
}

base::Result<Statement> read_statement(WireReader& in) {
  std::string text(in.text());
  return Statement::parse(std::move(text), std::string(in.text()));
}

Error unreadable() { return Error(ErrorCode::kInvalid, "a message that cannot be read"); }

}  // namespace

void write_task(const Task& task, const Query& query, WireWriter& out) {
  out.put(static_cast<uint8_t>(task.describe_only));
  out.put(static_cast<uint8_t>(task.values));
  out.put(task.limit);
  out.put(uint64_t{query.relations.size()});
  for (size_t i = 0; i < query.relations.size(); ++i) {
    const Relation& relation = query.relations[i];
    out.put(relation.name);
    const table::Schema* const schema = relation.schema();
    out.put(static_cast<uint8_t>(schema != nullptr));
    if (schema != nullptr) {
      out.put(i < task.expected_rows.size() ? task.expected_rows[i] : 0);
      write_schema(*schema, out);
    } else {
      write_statement(*relation.statement, out);
      write_labels(relation.labels, out);
    }
  }
  write_statement(query.statement, out);
  write_labels(query.labels, out);
  out.put(uint64_t{query.bindings.size()});
  for (const Binding& binding : query.bindings) {
    out.put(binding.name);
    out.put(binding.type);
    out.put(static_cast<uint8_t>(binding.value.has_value()));
    out.put(binding.value.value_or(""));
  }
}

base::Result<std::pair<Task, Query>> read_task(WireReader& in) {
  Task task;
  task.describe_only = in.get<uint8_t>() != 0;
  task.values = in.get<uint8_t>() == 0 ? table::Values::kText : table::Values::kTyped;
  task.limit = in.get<uint64_t>();
  std::vector<Relation> relations(in.count(17));
  for (Relation& relation : relations) {
    relation.name = in.text();
    task.expected_rows.push_back(0);
    if (in.get<uint8_t>() != 0) {
      task.expected_rows.back() = in.get<uint64_t>();
      KILN_ASSIGN(table::Schema schema, read_schema(in));
      relation.columns = std::make_shared<const table::Schema>(std::move(schema));
    } else {
      KILN_ASSIGN(relation.statement, read_statement(in));
      relation.labels = read_labels(in);
    }
  }
  KILN_ASSIGN(Statement statement, read_statement(in));
  Query query{std::move(relations), std::move(statement), {}, {}};
  query.labels = read_labels(in);
  query.bindings.resize(in.count(25));
  for (Binding& binding : query.bindings) {
    binding.name = in.text();
    binding.type = in.text();
    const bool is_null = in.get<uint8_t>() == 0;
    const std::string_view value = in.text();
    if (!is_null) binding.value = value;
  }
  if (!in.done()) return unreadable();
  return std::pair(std::move(task), std::move(query));
}

namespace {

void write_type(const table::ColumnType& type, WireWriter& out) {
  out.put(static_cast<uint8_t>(type.sql));
  out.put(type.precision);
  out.put(type.scale);
  out.put(type.length);
  out.put(type.fraction);
  out.put(static_cast<uint8_t>(type.json));
  out.put(static_cast<uint8_t>(type.list));
  out.put(static_cast<uint8_t>(type.nesting));
  if (!type.nested()) return;
  out.put(uint64_t{type.members.size()});
  for (const table::Member& member : type.members) {
    out.put(member.name);
    write_type(member.type, out);
  }
}

/// False for what is none.
bool read_type(WireReader& in, table::ColumnType& type, unsigned depth) {
  static constexpr uint8_t kMostDigits = 38;
  const auto sql = in.get<uint8_t>();
  type.precision = in.get<uint8_t>();
  type.scale = in.get<uint8_t>();
  type.length = in.get<uint32_t>();
  type.fraction = in.get<uint8_t>();
  const auto json = in.get<uint8_t>();
  type.list = in.get<uint8_t>() != 0;
  const auto nesting = in.get<uint8_t>();
  if (!in.ok() || sql > static_cast<uint8_t>(table::SqlType::kTimestampTz) ||
      json > static_cast<uint8_t>(table::JsonForm::kJson) || type.precision > kMostDigits ||
      type.scale > type.precision || type.fraction > table::kMostFraction ||
      nesting > static_cast<uint8_t>(table::Nesting::kMap)) {
    return false;
  }
  type.sql = static_cast<table::SqlType>(sql);
  type.json = static_cast<table::JsonForm>(json);
  type.nesting = static_cast<table::Nesting>(nesting);
  if (!type.nested()) return true;
  if (type.sql != table::SqlType::kVarchar || type.list) return false;
  type.members.resize(in.count(19));
  const size_t members = type.members.size();
  if (depth == table::kMostNesting || (type.nesting == table::Nesting::kList && members != 1) ||
      (type.nesting == table::Nesting::kMap && members != 2) || members == 0) {
    return false;
  }
  return std::all_of(type.members.begin(), type.members.end(), [&](table::Member& member) {
    member.name = in.text();
    return read_type(in, member.type, depth + 1);
  });
}

}  // namespace

void write_schema(const table::Schema& schema, WireWriter& out) {
  out.put(uint64_t{schema.columns.size()});
  for (const table::Column& column : schema.columns) {
    out.put(column.name);
    write_type(column.type, out);
    out.put(column.fhir_type);
  }
}

base::Result<table::Schema> read_schema(WireReader& in) {
  table::Schema schema;
  schema.columns.resize(in.count(27));
  for (table::Column& column : schema.columns) {
    column.name = in.text();
    if (!read_type(in, column.type, 0)) return unreadable();
    column.fhir_type = in.text();
  }
  if (!in.ok()) return unreadable();
  return schema;
}

void write_error(const Error& error, WireWriter& out) {
  out.put(static_cast<uint8_t>(error.code()));
  out.put(error.message());
  out.put(error.position().source);
  out.put(error.position().line);
  out.put(error.position().column);
  out.put(error.excerpt());
  out.put(uint64_t{error.caret()});
  out.put(error.suggestion());
  out.put(error.path());
}

Error read_error(WireReader& in) {
  const auto code = in.get<uint8_t>();
  std::string message(in.text());
  base::SourcePosition position{std::string(in.text()), 0, 0};
  position.line = in.get<uint64_t>();
  position.column = in.get<uint64_t>();
  std::string excerpt(in.text());
  const auto caret = in.get<uint64_t>();
  std::string suggestion(in.text());
  std::string path(in.text());
  if (!in.done() || code > static_cast<uint8_t>(ErrorCode::kInternal) || caret > excerpt.size()) {
    return Error(ErrorCode::kInternal, "a query's process sent what cannot be read");
  }
  Error error(static_cast<ErrorCode>(code), std::move(message));
  if (!position.source.empty() || position.line != 0) error = std::move(error).at(position);
  if (!excerpt.empty()) error = std::move(error).with_excerpt(std::move(excerpt), caret);
  if (!suggestion.empty()) error = std::move(error).with_suggestion(std::move(suggestion));
  if (!path.empty()) error = std::move(error).with_path(std::move(path));
  return error;
}

}  // namespace kiln::sql
