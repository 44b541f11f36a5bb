// What a reader gives, as a worker would see it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataset/file_source.h"
#include "dataset/reader.h"
#include "json/line_parser.h"

namespace kiln::dataset {

struct Line {
  std::string text;
  base::SourcePosition position;
};

/// Everything, and the errors in between.
struct Reading {
  std::vector<Line> lines;
  std::vector<base::Error> errors;
  uint64_t parts = 0;
  uint64_t sizes = 0;
  uint64_t left_out = 0;
  std::vector<std::string> last;  ///< the last line of each block that ends a source
};

inline void take_lines(const Reader& reader, const Part& part, const Block& block,
                       Reading& reading) {
  static constexpr size_t kMostPositions = 100;  // each may read the source again
  const char* at = block.begin;
  while (at < block.end) {
    const char* end = at;
    while (*end != '\n') ++end;
    EXPECT_LT(end, block.end) << "the last line ends in the block";
    const bool place = reading.lines.size() < kMostPositions || end + 1 == block.end;
    reading.lines.push_back(
        {std::string(at, end), place ? reader.position(part, block, at) : base::SourcePosition()});
    at = end + 1;
  }
  volatile char padding = 0;  // must be readable
  for (size_t i = 0; i < json::kPadding; ++i) padding = block.end[i];
  static_cast<void>(padding);
}

inline Reading read(const Snapshot& snapshot, ReaderOptions options = {},
                    std::vector<bool> wanted = {}) {
  Reading reading;
  wanted.resize(snapshot.sources.size(), true);
  Reader reader(snapshot, std::move(wanted), std::move(options));
  BlockBuffer buffer;
  for (;;) {
    Part part;
    auto claimed = reader.claim(part, buffer);
    if (claimed.ok() && !*claimed) return reading;
    EXPECT_EQ(part.ordinal, reading.parts++);
    if (!claimed.ok()) {
      reading.errors.push_back(std::move(claimed).error());
      continue;
    }
    reading.sizes += part.size;
    auto block = reader.load(part, buffer);
    if (!block.ok()) {
      reading.errors.push_back(std::move(block).error());
      continue;
    }
    take_lines(reader, part, *block, reading);
    if (block->left_out) ++reading.left_out;
    if (block->ends_source && block->begin != block->end) {
      reading.last.push_back(reading.lines.back().text);
    }
  }
}

inline Reading read(const std::vector<Input>& inputs, ReaderOptions options = {},
                    std::vector<bool> wanted = {}) {
  auto snapshot = open_files(inputs);
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().to_string();
  return read(*snapshot, std::move(options), std::move(wanted));
}

inline std::vector<std::string> texts_of(const Reading& reading) {
  EXPECT_TRUE(reading.errors.empty());
  std::vector<std::string> texts;
  for (const Line& line : reading.lines) texts.push_back(line.text);
  return texts;
}

inline std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

inline Input plain(const std::string& path) { return {path, FileKind::kNdjson, ""}; }

}  // namespace kiln::dataset
