#include "table/batch.h"

namespace kiln::table {

ColumnVector::ColumnVector(const ColumnType& type)
    : storage_(storage_of(type.sql)), list_(type.list) {
  if (!list_) return;
  ColumnType item = type;
  item.list = false;
  items_ = std::make_unique<ColumnVector>(item);
  offsets_.push_back(0);
}

void ColumnVector::append(const Cell& cell) {
  const bool valid = cell.kind != Cell::Kind::kNull;
  if (size_ % 64 == 0) validity_.push_back(0);
  validity_[size_ / 64] |= uint64_t{valid} << (size_ % 64);
  ++size_;
  if (list_) {
    if (valid) {
      for (uint32_t i = 0; i < cell.list.size; ++i) items_->append(cell.list.items[i]);
    }
    offsets_.push_back(static_cast<uint32_t>(items_->size()));
    return;
  }
  switch (storage_) {
    case Storage::kBoolean: booleans_.push_back(valid && cell.boolean ? 1 : 0); break;
    case Storage::kInteger: integers_.push_back(valid ? cell.integer : 0); break;
    case Storage::kText: texts_.push_back(valid ? cell.text : Text()); break;
  }
}

void ColumnVector::clear() {
  size_ = 0;
  validity_.clear();
  booleans_.clear();
  integers_.clear();
  texts_.clear();
  if (list_) {
    offsets_.resize(1);
    items_->clear();
  }
}

Batch::Batch(const Schema& schema) : texts_(std::make_unique<base::Arena>()) {
  columns_.reserve(schema.columns.size());
  for (const Column& column : schema.columns) columns_.emplace_back(column.type);
}

void Batch::clear() {
  for (ColumnVector& column : columns_) column.clear();
  rows_ = 0;
  texts_->reset();
}

}  // namespace kiln::table
