#include "table/arrow/export.h"

#include <string>
#include <vector>

namespace kiln::table {
namespace {

/// What an exported schema and its children point into. One for each, as children may be moved out
/// of their parent and released apart (specification, "Moving child arrays").
struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_schema(ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    ArrowSchema* const child = schema->children[i];
    if (child->release != nullptr) child->release(child);
  }
  delete static_cast<SchemaNode*>(schema->private_data);
  schema->release = nullptr;
}

/// The children are to be filled by the caller.
SchemaNode& make_schema(ArrowSchema* out, std::string format, std::string name, size_t children) {
  auto node = std::make_unique<SchemaNode>();
  node->format = std::move(format);
  node->name = std::move(name);
  node->children.resize(children);
  for (ArrowSchema& child : node->children) node->pointers.push_back(&child);
  *out = {};
  out->format = node->format.c_str();
  out->name = node->name.c_str();
  out->flags = ARROW_FLAG_NULLABLE;
  out->n_children = static_cast<int64_t>(children);
  out->children = node->pointers.data();
  out->release = release_schema;
  out->private_data = node.get();
  return *node.release();
}

/// The same for an array: it holds on to the batch.
struct ArrayNode {
  std::shared_ptr<const Batch> batch;
  std::vector<const void*> buffers;
  std::vector<int64_t> text_sizes;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void release_array(ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    ArrowArray* const child = array->children[i];
    if (child->release != nullptr) child->release(child);
  }
  delete static_cast<ArrayNode*>(array->private_data);
  array->release = nullptr;
}

ArrayNode& make_array(ArrowArray* out, const std::shared_ptr<const Batch>& batch, size_t children) {
  auto node = std::make_unique<ArrayNode>();
  node->batch = batch;
  node->children.resize(children);
  for (ArrowArray& child : node->children) node->pointers.push_back(&child);
  *out = {};
  out->n_children = static_cast<int64_t>(children);
  out->children = node->pointers.data();
  out->release = release_array;
  out->private_data = node.get();
  return *node.release();
}

/// Not null, as importers want an address of values even where there are none.
const void* or_empty(const void* data) {
  static constexpr int64_t kEmpty[2] = {};
  return data == nullptr ? static_cast<const void*>(kEmpty) : data;
}

void export_column(const std::shared_ptr<const Batch>& batch, const ColumnVector& column,
                   size_t begin, size_t count, ArrowArray* out) {
  ArrayNode& node = make_array(out, batch, column.is_list() ? 1 : 0);
  out->length = static_cast<int64_t>(count);
  out->offset = static_cast<int64_t>(begin);
  const bool whole = begin == 0 && count == column.size();
  out->null_count = column.nulls() == 0 ? 0 : whole ? static_cast<int64_t>(column.nulls()) : -1;
  node.buffers.push_back(column.nulls() == 0 ? nullptr : column.validity());
  if (column.is_list()) {
    static constexpr uint32_t kNoRows[1] = {0};
    node.buffers.push_back(column.offsets() == nullptr ? kNoRows : column.offsets());
    export_column(batch, column.items(), 0, column.items().size(), &node.children[0]);
  } else {
    node.buffers.push_back(or_empty(column.values()));
    if (column.storage() == Storage::kView) {
      for (const TextBuffers::Buffer& buffer : column.texts().buffers()) {
        node.buffers.push_back(buffer.bytes.get());
        node.text_sizes.push_back(static_cast<int64_t>(buffer.size));
      }
      node.buffers.push_back(or_empty(node.text_sizes.data()));
    }
  }
  out->n_buffers = static_cast<int64_t>(node.buffers.size());
  out->buffers = node.buffers.data();
}

}  // namespace

std::string arrow_format(const ColumnType& type) {
  switch (type.sql) {
    case SqlType::kBoolean:
      return "b";
    case SqlType::kTinyInt:
      return "c";
    case SqlType::kSmallInt:
      return "s";
    case SqlType::kInteger:
      return "i";
    case SqlType::kBigInt:
      return "l";
    case SqlType::kReal:
      return "f";
    case SqlType::kDouble:
      return "g";
    case SqlType::kDecimal:
      return "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale);
    case SqlType::kVarchar:
      return "vu";
    case SqlType::kBinary:
      return "vz";
    case SqlType::kDate:
      return "tdD";
    case SqlType::kTime:
      return "ttu";
    case SqlType::kTimestamp:
      return "tsu:";
    case SqlType::kTimestampTz:
      return "tsu:UTC";
  }
  return "n";
}

void export_schema(const Schema& schema, ArrowSchema* out) {
  SchemaNode& node = make_schema(out, "+s", "", schema.columns.size());
  out->flags = 0;  // a row is there
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& column = schema.columns[i];
    if (!column.type.list) {
      make_schema(&node.children[i], arrow_format(column.type), column.name, 0);
      continue;
    }
    SchemaNode& list = make_schema(&node.children[i], "+l", column.name, 1);
    make_schema(&list.children[0], arrow_format(column.type), "item", 0);
  }
}

void export_rows(std::shared_ptr<const Batch> batch, size_t begin, size_t count, ArrowArray* out) {
  ArrayNode& node = make_array(out, batch, batch->column_count());
  out->length = static_cast<int64_t>(count);
  node.buffers.push_back(nullptr);
  out->n_buffers = 1;
  out->buffers = node.buffers.data();
  for (size_t i = 0; i < batch->column_count(); ++i) {
    export_column(batch, batch->column(i), begin, count, &node.children[i]);
  }
}

}  // namespace kiln::table
