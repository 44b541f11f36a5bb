#include "engine/worker.h"

#include <cstring>
#include <utility>

#include "dataset/lines.h"
#include "dataset/resource_name.h"

namespace kiln::engine {
namespace {

constexpr std::string_view kBundle = "Bundle";
constexpr const char* kNoType = "not a resource: no resourceType";

json::Problem problem_of(const json::LineResult& parsed, const char* start) {
  return {static_cast<size_t>(parsed.stop - start), parsed.error};
}

/// Details of this many skipped lines are kept for each block.
constexpr size_t kMostExamples = 10;

/// Where the last line begins. Blank lines count: how a file is cut in parts must not matter.
const char* last_line_of(const dataset::Block& block) {
  if (block.begin == block.end) return nullptr;
  const auto before_end = static_cast<size_t>(block.end - 1 - block.begin);
  const void* const newline = memrchr(block.begin, '\n', before_end);
  return newline == nullptr ? block.begin : static_cast<const char*>(newline) + 1;
}

const char* end_of_line(const char* at) { return static_cast<const char*>(rawmemchr(at, '\n')); }

}  // namespace

Worker::Worker(const RunContext& context, std::stop_token stop)
    : context_(context),
      stop_(std::move(stop)),
      scanner_(json::Scanner::best()),
      memory_(context.options.memory) {
  for (const ScanGroup& group : context.groups) {
    parsers_.push_back(
        {&group, json::LineParser(group.shape(), scanner_), std::nullopt, 0, nullptr});
    if (group.filter_shape() != nullptr) {
      parsers_.back().filter_parser.emplace(*group.filter_shape(), scanner_);
    }
  }
  for (size_t i = 1; i < parsers_.size(); ++i) {
    GroupParser& before = parsers_[i - 1];
    if (before.group->type() == parsers_[i].group->type()) before.next = &parsers_[i];
  }
  const view::RowOptions row_options{context.options.lenient_casts, stop_, &memory_};
  lanes_.reserve(context.subjects.size());
  for (const Subject& subject : context.subjects) {
    lanes_.push_back(std::make_unique<Lane>(subject, context.options.now, row_options));
    lanes_.back()->take = [this, i = lanes_.size() - 1](table::Batch& batch) {
      return write_early(i, batch);
    };
  }
}

/// Most lines of a filtered run are left out, and what the filter has to see is little.
json::LineResult Worker::GroupParser::parse(const char* line, json::Extent extent, bool& left_out) {
  const auto parse_by = [&](json::LineParser& by) {
    return extent == json::Extent::kLine ? by.parse(group->type(), line)
                                         : by.parse_object(group->type(), line);
  };
  if (filter_parser) {
    const json::LineResult seen = parse_by(*filter_parser);
    left_out = seen.kind == json::LineResult::Kind::kResource &&
               !group->filter()->accepts(filter_parser->tape());
    if (left_out || seen.kind != json::LineResult::Kind::kResource) return seen;
  }
  return parse_by(parser);
}

/// Nothing at the end of the input. Pipes, and file systems that have gone away, may take long.
base::Result<std::optional<dataset::Block>> Worker::read(dataset::Part& part) {
  const base::Pool::Waiting waiting(context_.pool);
  KILN_ASSIGN(const bool claimed, context_.reader.claim(part, buffer_));
  if (!claimed) return std::optional<dataset::Block>();
  KILN_ASSIGN(dataset::Block block, context_.reader.load(part, buffer_));
  return std::optional(block);
}

bool Worker::step() {
  const size_t most_kept = 8 * context_.options.reader.part_size;
  if (stop_.stop_requested() || context_.sequencer.ended()) return false;
  dataset::Part part;
  BlockResult result;
  auto block = read(part);
  if (!block.ok()) {
    result.error = std::move(block).error();
  } else if (!*block) {
    return false;
  } else {
    result = process(part, **block);
    result.left_out = (*block)->left_out;
  }
  result.source = part.source;
  result.bytes = part.size;
  if (stop_.stop_requested()) return false;
  context_.sequencer.deposit(part.ordinal, std::move(result));
  buffer_.shrink(most_kept);
  return true;
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
    return context_.sequencer.write_early(ordinal_, subject, std::move(*piece));
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
  named_ = find_group(context_.reader.source(part.source).about().type);
  const char* at = block.begin;
  // The sources tell only of lines that are longer than a part.
  const uint64_t longest = context_.options.reader.max_line_size;
  last_line_ = block.ends_source && !block.laid_out ? last_line_of(block) : nullptr;
  const bool measure = !block.laid_out && static_cast<uint64_t>(block.end - block.begin) > longest;
  while (at < block.end && !stop_.stop_requested()) {
    if (measure && static_cast<uint64_t>(end_of_line(at) - at) > longest) {
      bad(dataset::line_too_long(longest), at, at, part, block, result);
      break;
    }
    if (!line(at, part, block, result)) break;
  }
  for (GroupParser& group : parsers_) result.found.push_back(std::exchange(group.found, 0));
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

/// The end of a line that can be told to yield no row without parsing it; null if it may match.
json::LineEnd Worker::pass_unmatched(const ScanGroup& group, const char* line) const {
  if (group.needles().empty()) return {};
  // A line that may be of another type has to be looked at, to be counted.
  const std::string& start = group.usual_start();
  if (std::strncmp(line, start.data(), start.size()) != 0) return {};
  json::LineEnd end{};
  for (const json::Needle& needle : group.needles()) {
    const json::SearchResult result = scanner_.search_line(needle, line + 1);
    if (result.found) return {};
    end = result.end;
  }
  return end;
}

bool Worker::line(const char*& at, const dataset::Part& part, const dataset::Block& block,
                  BlockResult& result) {
  const char* const start = at;
  // A file that was cut off is seen at its last line, wherever the cut is.
  const bool full = context_.options.validate_full;
  if (full || start == last_line_) {
    at = end_of_line(start) + 1;
    const std::string_view text(start, static_cast<size_t>(at - 1 - start));
    const auto repeated = full ? json::RepeatedKeys::kRefused : json::RepeatedKeys::kAllowed;
    if (const auto problem = json::find_problem(text, repeated)) {
      return bad_line(*problem, start, part, block, result);
    }
  }
  // In a file that is named after a type all lines are taken to be of that type until the parser
  // finds otherwise.
  GroupParser* group = named_;
  if (group == nullptr) {
    const std::string_view type = scanner_.find_resource_type(start);
    if (type.empty()) return no_type(start, at, part, block, result);
    if (type == kBundle) return bundle(start, at, part, block, result);
    group = find_group(type);
  }
  return resource(group, start, at, part, block, result);
}

bool Worker::resource(GroupParser* group, const char* start, const char*& at,
                      const dataset::Part& part, const dataset::Block& block, BlockResult& result) {
  using Kind = json::LineResult::Kind;
  const char* first = start;
  while (*first == ' ' || *first == '\t' || *first == '\r') ++first;
  json::LineResult parsed{Kind::kResource, first + 1, nullptr};
  const json::LineEnd end =
      group == nullptr ? json::LineEnd{} : pass_unmatched(*group->group, start);
  bool left_out = group == nullptr || end.newline != nullptr;
  if (!left_out) parsed = group->parse(start, json::Extent::kLine, left_out);
  if (parsed.kind == Kind::kError) {
    at = end_of_line(start) + 1;
    return bad_line(problem_of(parsed, start), start, part, block, result);
  }
  if (parsed.kind == Kind::kBlank) {
    at = parsed.stop + 1;
    return true;
  }
  if (const auto problem = pass_rest(start, parsed.stop, end, at)) {
    return bad_line(*problem, start, part, block, result);
  }
  if (parsed.kind == Kind::kOtherType) {
    if (scanner_.find_resource_type(start) == kBundle)
      return bundle(start, at, part, block, result);
    ++result.other_type;
    return true;
  }
  if (group == nullptr) return true;
  ++group->found;
  if (!left_out && !rows(*group, start, part, block, result)) return false;
  return group->next == nullptr ||
         other_versions(*group, start, json::Extent::kLine, part, block, result);
}

/// The groups of the same type in other FHIR versions, once a resource is known to be of the type.
bool Worker::other_versions(const GroupParser& first, const char* start, json::Extent extent,
                            const dataset::Part& part, const dataset::Block& block,
                            BlockResult& result) {
  for (GroupParser* group = first.next; group != nullptr; group = group->next) {
    const bool of_line = extent == json::Extent::kLine;
    if (of_line && pass_unmatched(*group->group, start).newline != nullptr) continue;
    bool left_out = false;
    const json::LineResult parsed = group->parse(start, extent, left_out);
    if (parsed.kind == json::LineResult::Kind::kError) {
      return bad_line(problem_of(parsed, start), start, part, block, result);
    }
    if (!left_out && !rows(*group, start, part, block, result)) return false;
  }
  return true;
}

/// A Bundle is a resource as others are, and stands for those in it.
bool Worker::bundle(const char* start, const char*& at, const dataset::Part& part,
                    const dataset::Block& block, BlockResult& result) {
  GroupParser* const of_bundles = named_ == nullptr ? find_group(kBundle) : nullptr;
  const json::LineResult frame = bundles_.open(start);
  // What is wrong with the frame is wrong for the views over Bundles, too.
  if (frame.kind == json::LineResult::Kind::kError) {
    at = end_of_line(start) + 1;
    return bad_line(problem_of(frame, start), start, part, block, result);
  }
  if (of_bundles != nullptr) {
    const uint64_t bad_before = result.bad_lines;
    if (!resource(of_bundles, start, at, part, block, result)) return false;
    if (result.bad_lines != bad_before) return true;
  } else if (const auto problem = pass_rest(start, frame.stop, {}, at)) {
    return bad_line(*problem, start, part, block, result);
  }
  bool go_on = true;
  const auto problem = bundles_.each([&](std::string_view text) {
    in_bundle_ = true;
    go_on = entry(text.data(), part, block, result) && !stop_.stop_requested();
    in_bundle_ = false;
    return go_on;
  });
  return problem ? bad_line(*problem, start, part, block, result) : go_on;
}

/// Where the entry ends is known, so that nothing behind it is looked at.
bool Worker::entry(const char* start, const dataset::Part& part, const dataset::Block& block,
                   BlockResult& result) {
  const std::string_view type = scanner_.find_resource_type(start);
  if (type.empty()) return bad_line({0, kNoType}, start, part, block, result);
  GroupParser* const group = find_group(type);
  // The rows of a view must not depend on which other views have had the file opened.
  if (named_ != nullptr && group != named_) {
    if (type != kBundle) ++result.other_type;
    return true;
  }
  if (group == nullptr) return true;
  bool left_out = false;
  const json::LineResult parsed = group->parse(start, json::Extent::kObject, left_out);
  if (parsed.kind == json::LineResult::Kind::kError) {
    return bad_line(problem_of(parsed, start), start, part, block, result);
  }
  ++group->found;
  if (!left_out && !rows(*group, start, part, block, result)) return false;
  return group->next == nullptr ||
         other_versions(*group, start, json::Extent::kObject, part, block, result);
}

/// `at` goes behind the line's end, which is looked for unless it is known. What nobody reads of a
/// line is only looked over, but a line that was cut off, or that holds a second record, does not
/// pass for a whole one.
std::optional<json::Problem> Worker::pass_rest(const char* start, const char* from,
                                               json::LineEnd end, const char*& at) const {
  if (at != start) return std::nullopt;  // all of it was looked at already
  if (end.newline == nullptr) end = scanner_.find_line_end(from);
  at = end.newline + 1;
  return json::find_problem_in_line(scanner_, start, end);
}

bool Worker::bad_line(const json::Problem& problem, const char* start, const dataset::Part& part,
                      const dataset::Block& block, BlockResult& result) {
  ++result.bad_lines;
  return bad(base::Error(base::ErrorCode::kInvalid, problem.message), start, start + problem.offset,
             part, block, result);
}

/// A line without a resourceType: blank, or bad in a way that a parser can tell.
bool Worker::no_type(const char* start, const char*& at, const dataset::Part& part,
                     const dataset::Block& block, BlockResult& result) {
  at = end_of_line(start) + 1;
  if (parsers_.empty()) return true;
  const json::LineResult parsed = parsers_.front().parser.parse("", start);
  if (parsed.kind == json::LineResult::Kind::kBlank) return true;
  const bool bad_json = parsed.kind == json::LineResult::Kind::kError;
  return bad_line(bad_json ? problem_of(parsed, start) : json::Problem{0, kNoType}, start, part,
                  block, result);
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
    const char* const place = lane.evaluation.failed_at();
    if (!bad(std::move(error), line, place != nullptr ? place : line, part, block, result)) {
      return false;
    }
  }
  return true;
}

/// Notes a bad line; false if it ends the run.
bool Worker::bad(base::Error error, const char* line, const char* at, const dataset::Part& part,
                 const dataset::Block& block, BlockResult& result) {
  const bool skip = context_.options.skip_errors && error.code() == base::ErrorCode::kInvalid;
  if (skip && result.examples.size() >= kMostExamples) return true;
  const std::string resource = dataset::resource_name(line);
  if (!resource.empty()) error = std::move(error).in(resource);
  const std::string place = in_bundle_ ? bundles_.place() : std::string();
  error = std::move(error).at(context_.reader.position(part, block, at, place));
  if (!skip) {
    result.error = std::move(error);
    return false;
  }
  result.examples.push_back(std::move(error));
  return true;
}

}  // namespace kiln::engine
