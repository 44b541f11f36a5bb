#include "dataset/reader.h"

#include <utility>

namespace kiln::dataset {

Reader::Reader(const Snapshot& snapshot, std::vector<bool> wanted, ReaderOptions options)
    : snapshot_(snapshot), wanted_(std::move(wanted)), options_(std::move(options)) {}

base::Result<bool> Reader::claim(Part& part, BlockBuffer& buffer) {
  base::MutexLock lock(mutex_);
  for (; source_ < snapshot_.sources.size(); begin_next()) {
    if (!wanted_[source_]) continue;
    if (source_ >= opened_) opened_ = snapshot_.open_ahead(source_, wanted_, options_.stop);
    if (!parts_) parts_ = snapshot_.sources[source_]->parts(options_);
    part = Part();
    part.source = source_;
    part.ordinal = next_ordinal_;
    auto got = parts_->next(part, buffer);
    if (got.ok() && !*got) continue;
    ++next_ordinal_;
    // The source is given up, so that an error is reported once.
    if (!got.ok() || part.block.left_out) begin_next();
    return got;
  }
  return false;
}

void Reader::begin_next() {
  parts_.reset();
  ++source_;
}

base::Result<Block> Reader::load(const Part& part, BlockBuffer& buffer) const {
  return part.loaded ? part.block : source(part.source).load(part, buffer, options_);
}

base::SourcePosition Reader::position(const Part& part, const Block& block, const char* at,
                                      const std::string& place) const {
  return source(part.source).position(block, at, place);
}

}  // namespace kiln::dataset
