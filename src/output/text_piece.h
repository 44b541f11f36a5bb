// Encoded rows of one block, and their memory that goes round.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/output.h"

namespace kiln::output {

class TextPiece final : public engine::Piece {
 public:
  std::string bytes;
  std::vector<size_t> row_ends;  ///< where each row ends, if pieces are to be cut
  std::string prepared;          ///< for the compressor
};

/// Pieces of one output: those that have been written are taken again, so that their memory is
/// allocated once. Thread-safe.
class TextPieces {
 public:
  std::unique_ptr<TextPiece> take() {
    base::MutexLock lock(mutex_);
    if (free_.empty()) return std::make_unique<TextPiece>();
    auto piece = std::move(free_.back());
    free_.pop_back();
    return piece;
  }
  void give_back(std::unique_ptr<TextPiece> piece) {
    static constexpr size_t kMostKept = 4 << 20;
    if (piece->bytes.capacity() > kMostKept) return;
    piece->bytes.clear();
    piece->row_ends.clear();
    piece->prepared.clear();
    base::MutexLock lock(mutex_);
    free_.push_back(std::move(piece));
  }

 private:
  base::Mutex mutex_;
  std::vector<std::unique_ptr<TextPiece>> free_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::output
