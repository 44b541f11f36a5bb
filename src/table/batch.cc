#include "table/batch.h"

#include <cstring>
#include <utility>

namespace kiln::table {
namespace {

size_t width_of(Storage storage) {
  switch (storage) {
    case Storage::kInt8:
      return 1;
    case Storage::kInt16:
      return 2;
    case Storage::kInt32:
    case Storage::kFloat:
      return 4;
    case Storage::kInteger:
    case Storage::kDouble:
      return 8;
    case Storage::kText:
      return sizeof(Text);
    case Storage::kDecimal:
      return sizeof(Decimal128);
    case Storage::kView:
      return sizeof(ArrowView);
    case Storage::kBoolean:
      break;  // bits
  }
  return 0;
}

/// Bytes that `rows` values take.
size_t size_of(Storage storage, size_t rows) {
  return storage == Storage::kBoolean ? (rows + 63) / 64 * 8 : rows * width_of(storage);
}

}  // namespace

TextBuffers& TextBuffers::operator=(TextBuffers&& other) noexcept {
  clear();
  memory_ = other.memory_;
  buffers_ = std::exchange(other.buffers_, {});
  held_ = std::exchange(other.held_, 0);
  return *this;
}

ArrowView TextBuffers::add(std::string_view text) {
  static constexpr size_t kFirst = 4096;
  static constexpr size_t kLargest = 1 << 20;
  ArrowView view{static_cast<int32_t>(text.size()), {}, 0, 0};
  if (text.size() <= ArrowView::kMostInline) {
    if (!text.empty()) std::memcpy(view.start, text.data(), text.size());  // and over the rest
    return view;
  }
  if (buffers_.empty() || buffers_.back().capacity - buffers_.back().size < text.size()) {
    const size_t usual =
        buffers_.empty() ? kFirst : std::min(kLargest, buffers_.back().capacity * 2);
    const size_t capacity = std::max(usual, text.size());
    buffers_.reserve(buffers_.size() + 1);
    if (memory_ != nullptr) memory_->take(capacity);
    held_ += capacity;
    buffers_.push_back({std::unique_ptr<char[]>(new char[capacity]), 0, capacity});
  }
  Buffer& buffer = buffers_.back();
  std::memcpy(view.start, text.data(), sizeof(view.start));
  view.buffer = static_cast<int32_t>(buffers_.size() - 1);
  view.offset = static_cast<int32_t>(buffer.size);
  std::memcpy(buffer.bytes.get() + buffer.size, text.data(), text.size());
  buffer.size += text.size();
  return view;
}

std::string_view TextBuffers::text_of(const ArrowView& view) const {
  const auto size = static_cast<size_t>(view.size);
  if (size <= ArrowView::kMostInline) return {view.start, size};
  return {buffers_[static_cast<size_t>(view.buffer)].bytes.get() + view.offset, size};
}

void TextBuffers::detach() {
  if (memory_ != nullptr) memory_->give_back(held_);
  memory_ = nullptr;
}

void TextBuffers::clear() {
  if (memory_ != nullptr) memory_->give_back(held_);
  buffers_.clear();
  held_ = 0;
}

ColumnVector::ColumnVector(const ColumnType& type, Values values, base::MemoryReservation* memory)
    : storage_(storage_of(type.sql, values)), list_(type.list), texts_(memory) {
  if (!list_) return;
  ColumnType item = type;
  item.list = false;
  items_ = std::make_unique<ColumnVector>(item, values, memory);
}

void ColumnVector::grow() {
  const size_t capacity = capacity_ == 0 ? 256 : capacity_ * 2;
  validity_.reserve((capacity + 63) / 64);
  if (list_) {
    offsets_.reserve(capacity + 1);
    offsets_[0] = 0;
  } else {
    values_.reserve(size_of(storage_, capacity));
  }
  capacity_ = capacity;
}

void ColumnVector::append_list(const Cell& cell) {
  if (cell.kind != Cell::Kind::kNull) {
    for (uint32_t i = 0; i < cell.list.size; ++i) items_->append(cell.list.items[i]);
  }
  offsets_[size_ + 1] = static_cast<uint32_t>(items_->size());
}

/// A null cell's value is zero, whatever its kind.
void ColumnVector::append_typed(const Cell& cell) {
  switch (storage_) {
    case Storage::kBoolean:
      if (size_ % 64 == 0) value<uint64_t>(size_ / 64) = 0;
      value<uint64_t>(size_ / 64) |= uint64_t{cell.boolean} << (size_ % 64);
      return;
    case Storage::kInt8:
      value<int8_t>(size_) = static_cast<int8_t>(cell.integer);
      return;
    case Storage::kInt16:
      value<int16_t>(size_) = static_cast<int16_t>(cell.integer);
      return;
    case Storage::kInt32:
      value<int32_t>(size_) = static_cast<int32_t>(cell.integer);
      return;
    case Storage::kFloat:
      value<float>(size_) = cell.kind == Cell::Kind::kNull ? 0 : static_cast<float>(cell.real);
      return;
    case Storage::kDouble:
      value<double>(size_) = cell.kind == Cell::Kind::kNull ? 0 : cell.real;
      return;
    case Storage::kDecimal:
      value<Decimal128>(size_) = cell.kind == Cell::Kind::kNull ? Decimal128() : cell.decimal;
      return;
    case Storage::kView:
      value<ArrowView>(size_) =
          texts_.add(cell.kind == Cell::Kind::kNull ? std::string_view() : cell.text.view());
      return;
    case Storage::kInteger:
    case Storage::kText:
      break;  // append() has them
  }
}

void ColumnVector::clear() {
  size_ = 0;
  nulls_ = 0;
  texts_.clear();
  if (list_) items_->clear();
}

size_t ColumnVector::held() const {
  size_t bytes = capacity_ / 8 + texts_.held();
  bytes += list_ ? (capacity_ + 1) * sizeof(uint32_t) : size_of(storage_, capacity_);
  return list_ ? bytes + items_->held() : bytes;
}

void ColumnVector::detach() {
  texts_.detach();
  if (list_) items_->detach();
}

Batch::Batch(const Schema& schema, Values values, base::MemoryReservation* memory)
    : values_(values),
      memory_(memory),
      schema_(&schema),
      texts_(std::make_unique<base::Arena>(memory)) {
  columns_.reserve(schema.columns.size());
  for (const Column& column : schema.columns) columns_.emplace_back(column.type, values, memory);
}

void Batch::clear() {
  clear_rows();
  texts_->reset();
}

void Batch::clear_rows() {
  for (ColumnVector& column : columns_) column.clear();
  rows_ = 0;
}

std::shared_ptr<const Batch> Batch::take_rows() {
  std::vector<ColumnVector> fresh;
  fresh.reserve(columns_.size());
  for (const Column& column : schema_->columns) fresh.emplace_back(column.type, values_, memory_);
  const std::shared_ptr<Batch> taken(new Batch(values_));
  taken->columns_ = std::exchange(columns_, std::move(fresh));
  taken->rows_ = std::exchange(rows_, 0);
  for (ColumnVector& column : taken->columns_) column.detach();
  return taken;
}

size_t Batch::held() const {
  size_t bytes = 0;
  for (const ColumnVector& column : columns_) bytes += column.held();
  return bytes;
}

}  // namespace kiln::table
