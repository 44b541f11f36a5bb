#include "table/batch.h"

namespace kiln::table {

ColumnVector::ColumnVector(const ColumnType& type)
    : storage_(storage_of(type.sql)), list_(type.list) {
  if (!list_) return;
  ColumnType item = type;
  item.list = false;
  items_ = std::make_unique<ColumnVector>(item);
}

void ColumnVector::grow() {
  capacity_ = capacity_ == 0 ? 256 : capacity_ * 2;
  validity_.resize((capacity_ + 63) / 64);
  if (list_) {
    offsets_.resize(capacity_ + 1);
  } else if (storage_ == Storage::kText) {
    texts_.resize(capacity_);
  } else if (storage_ == Storage::kInteger) {
    integers_.resize(capacity_);
  } else {
    booleans_.resize(capacity_);
  }
}

void ColumnVector::append_list(const Cell& cell) {
  if (cell.kind != Cell::Kind::kNull) {
    for (uint32_t i = 0; i < cell.list.size; ++i) items_->append(cell.list.items[i]);
  }
  offsets_[size_ + 1] = static_cast<uint32_t>(items_->size());
}

void ColumnVector::clear() {
  size_ = 0;
  if (list_) items_->clear();
}

Batch::Batch(const Schema& schema, base::MemoryReservation* memory)
    : texts_(std::make_unique<base::Arena>(memory)) {
  columns_.reserve(schema.columns.size());
  for (const Column& column : schema.columns) columns_.emplace_back(column.type);
}

void Batch::clear() {
  clear_rows();
  texts_->reset();
}

void Batch::clear_rows() {
  for (ColumnVector& column : columns_) column.clear();
  rows_ = 0;
}

}  // namespace kiln::table
