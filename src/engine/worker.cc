#include "engine/worker.h"

#include <cstring>
#include <utility>

#include "json/validate.h"

namespace kiln::engine {
namespace {

/// Details of this many skipped lines are kept for each block.
constexpr size_t kMostExamples = 10;

const char* end_of_line(const char* at) { return static_cast<const char*>(rawmemchr(at, '\n')); }

}  // namespace

Worker::Worker(const RunContext& context, std::stop_token stop)
    : context_(context),
      stop_(std::move(stop)),
      scanner_(json::Scanner::best()),
      memory_(context.options.memory) {
  for (const ScanGroup& group : context.groups) {
    parsers_.push_back({&group, json::LineParser(group.shape(), scanner_), std::nullopt});
    if (group.filter_shape() != nullptr) {
      parsers_.back().filter_parser.emplace(*group.filter_shape(), scanner_);
    }
  }
  const view::RowOptions row_options{context.options.lenient_casts, stop_, &memory_};
  lanes_.reserve(context.subjects.size());
  for (const Subject& subject : context.subjects) {
    lanes_.push_back(std::make_unique<Lane>(*subject.view, context.options.now, row_options));
    lanes_.back()->take = [this, i = lanes_.size() - 1](table::Batch& batch) {
      return write_early(i, batch);
    };
  }
}

/// Most lines of a filtered run are left out, and what the filter has to see is little.
json::LineResult Worker::GroupParser::parse(const char* line, bool& left_out) {
  if (filter_parser) {
    const json::LineResult seen = filter_parser->parse(group->type(), line);
    left_out = seen.kind == json::LineResult::Kind::kResource &&
               !group->filter()->accepts(filter_parser->tape());
    if (left_out || seen.kind != json::LineResult::Kind::kResource) return seen;
  }
  return parser.parse(group->type(), line);
}

void Worker::run() {
  const size_t most_kept = 8 * context_.options.reader.part_size;
  while (!stop_.stop_requested() && !context_.sequencer.ended()) {
    dataset::Part part;
    BlockResult result;
    auto claimed = context_.reader.claim(part, buffer_);
    if (!claimed.ok()) {
      result.error = std::move(claimed).error();
    } else if (!*claimed) {
      return;
    } else {
      auto block = context_.reader.load(part, buffer_);
      if (block.ok()) {
        result = process(part, *block);
      } else {
        result.error = std::move(block).error();
      }
    }
    result.file = part.file;
    result.bytes = part.size;
    if (stop_.stop_requested()) return;
    if (!context_.sequencer.deposit(part.ordinal, std::move(result), stop_)) return;
    buffer_.shrink(most_kept);
  }
}

base::Result<std::unique_ptr<Piece>> Worker::encode(size_t subject, table::Batch& batch,
                                                    base::MemoryReservation& memory) {
  const size_t expected = batch.texts().used();
  memory.take(expected);
  auto piece = context_.subjects[subject].output->encode(batch);
  memory.give_back(expected);
  if (piece.ok()) memory.take((*piece)->memory);
  return piece;
}

bool Worker::write_early(size_t subject, table::Batch& batch) {
  base::MemoryReservation memory(context_.options.memory);
  auto piece = encode(subject, batch, memory);
  batch.clear_rows();
  if (piece.ok()) {
    return context_.sequencer.write_early(ordinal_, subject, std::move(*piece), stop_);
  }
  early_error_ = std::move(piece).error();
  return false;
}

/// Texts that an evaluation has made may be megabytes each; those of the input are not among them.
bool Worker::write_long_texts(size_t subject) {
  static constexpr size_t kMost = 32U << 20;
  table::Batch& batch = lanes_[subject]->batch;
  if (batch.texts().used() <= kMost) return true;
  const bool wanted = write_early(subject, batch);
  batch.clear();
  return wanted;
}

BlockResult Worker::process(const dataset::Part& part, const dataset::Block& block) {
  BlockResult result;
  result.memory = base::MemoryReservation(context_.options.memory);
  ordinal_ = part.ordinal;
  for (const auto& lane : lanes_) lane->batch.clear();
  named_ = find_group(context_.reader.file(part.file).input().type);
  const char* at = block.begin;
  // The reader tells only of lines that are longer than a part.
  const uint64_t longest = context_.options.reader.max_line_size;
  const bool measure = static_cast<uint64_t>(block.end - block.begin) > longest;
  while (at < block.end && !stop_.stop_requested()) {
    if (measure && static_cast<uint64_t>(end_of_line(at) - at) > longest) {
      bad(base::Error(base::ErrorCode::kLimit, "a line is longer than " + std::to_string(longest) +
                                                   " bytes (--max-line-size)"),
          at, part, block, result);
      break;
    }
    if (!line(at, part, block, result)) break;
  }
  result.pieces.resize(lanes_.size());
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = *lanes_[i];
    result.failed_casts += lane.evaluation.casts_failed() - lane.casts_failed;
    lane.casts_failed = lane.evaluation.casts_failed();
    if (lane.batch.rows() == 0) continue;
    auto piece = encode(i, lane.batch, result.memory);
    if (!piece.ok()) {
      if (!result.error) result.error = std::move(piece).error();
      break;
    }
    result.pieces[i] = std::move(*piece);
  }
  return result;
}

Worker::GroupParser* Worker::find_group(std::string_view type) {
  for (GroupParser& candidate : parsers_) {
    if (candidate.group->type() == type) return &candidate;
  }
  return nullptr;
}

/// False if the line can be told to yield no row without parsing it; then `newline` is its end.
bool Worker::may_match(const ScanGroup& group, const char* line, const char*& newline) const {
  if (group.needles().empty()) return true;
  // A line that may be of another type has to be looked at, to be counted.
  const std::string& start = group.usual_start();
  if (std::strncmp(line, start.data(), start.size()) != 0) return true;
  for (const json::Needle& needle : group.needles()) {
    const json::SearchResult found = scanner_.search_line(needle, line);
    if (found.found) return true;
    newline = found.newline;
  }
  return false;
}

bool Worker::line(const char*& at, const dataset::Part& part, const dataset::Block& block,
                  BlockResult& result) {
  const char* const start = at;
  if (context_.options.validate_full) {
    at = end_of_line(start) + 1;
    const std::string_view text(start, static_cast<size_t>(at - 1 - start));
    if (const auto problem = json::find_problem(text)) {
      return bad(base::Error(base::ErrorCode::kInvalid, problem->message), start + problem->offset,
                 part, block, result) &&
             (++result.bad_lines, true);
    }
  }
  // In a file that is named after a type all lines are taken to be of that type until the parser
  // finds otherwise.
  GroupParser* group = named_;
  if (group == nullptr) {
    const std::string_view type = scanner_.find_resource_type(start);
    if (type.empty()) return no_type(start, at, part, block, result);
    group = find_group(type);
  }
  if (group == nullptr) {
    at = end_of_line(start) + 1;
    return true;
  }
  const char* newline = nullptr;
  if (!may_match(*group->group, start, newline)) {
    ++result.resources;
    at = newline + 1;
    return true;
  }
  bool left_out = false;
  const json::LineResult parsed = group->parse(start, left_out);
  at = end_of_line(parsed.kind == json::LineResult::Kind::kError ? start : parsed.stop) + 1;
  switch (parsed.kind) {
    case json::LineResult::Kind::kBlank:
      return true;
    case json::LineResult::Kind::kOtherType:
      ++result.other_type;
      return true;
    case json::LineResult::Kind::kResource:
      ++result.resources;
      return left_out || rows(*group, start, part, block, result);
    case json::LineResult::Kind::kError:
      break;
  }
  ++result.bad_lines;
  return bad(base::Error(base::ErrorCode::kInvalid, parsed.error), parsed.stop, part, block,
             result);
}

/// A line without a resourceType: blank, or bad in a way that a parser can tell.
bool Worker::no_type(const char* start, const char*& at, const dataset::Part& part,
                     const dataset::Block& block, BlockResult& result) {
  at = end_of_line(start) + 1;
  if (parsers_.empty()) return true;
  const json::LineResult parsed = parsers_.front().parser.parse("", start);
  if (parsed.kind == json::LineResult::Kind::kBlank) return true;
  const bool bad_json = parsed.kind == json::LineResult::Kind::kError;
  ++result.bad_lines;
  return bad(base::Error(base::ErrorCode::kInvalid,
                         bad_json ? parsed.error : "not a resource: no resourceType"),
             bad_json ? parsed.stop : start, part, block, result);
}

bool Worker::rows(const GroupParser& group, const char* line, const dataset::Part& part,
                  const dataset::Block& block, BlockResult& result) {
  for (const size_t index : group.group->subjects()) {
    Lane& lane = *lanes_[index];
    base::Status status = lane.evaluation.append_rows(group.parser.tape(), lane.batch, lane.take);
    if (status.ok() && write_long_texts(index)) continue;
    if (status.ok() || status.error().code() == base::ErrorCode::kCancelled) {
      if (early_error_) result.error = std::exchange(early_error_, std::nullopt);
      return false;
    }
    ++result.bad_rows;
    const std::string& name = context_.subjects[index].view->name();
    base::Error error = std::move(status).error();
    if (!name.empty()) error = std::move(error).in("view '" + name + "'");
    if (!bad(std::move(error), line, part, block, result)) return false;
  }
  return true;
}

/// Notes a bad line; false if it ends the run.
bool Worker::bad(base::Error error, const char* at, const dataset::Part& part,
                 const dataset::Block& block, BlockResult& result) {
  const bool skip = context_.options.skip_errors && error.code() == base::ErrorCode::kInvalid;
  if (skip && result.examples.size() >= kMostExamples) return true;
  error = std::move(error).at(context_.reader.position(part, block, at));
  if (!skip) {
    result.error = std::move(error);
    return false;
  }
  result.examples.push_back(std::move(error));
  return true;
}

}  // namespace kiln::engine
