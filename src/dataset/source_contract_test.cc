// What every source does. A source of a new kind is one more row at the end.
#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataset/source.h"
#include "dataset/testing/reading.h"
#include "dataset/testing/temporary_files.h"
#include "dataset/text_source.h"

namespace kiln::dataset {
namespace {

/// A way to have a text as a source.
struct Kind {
  const char* name;
  std::function<base::Result<SourcePtr>(const TemporaryFolder& folder, std::string_view text)> open;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class SourceTest : public testing::TestWithParam<Kind> {
 protected:
  Snapshot snapshot_of(std::string_view text) {
    auto source = GetParam().open(folder_, text);
    EXPECT_TRUE(source.ok());
    return {{*source}, {}};
  }
  Reading read_text(std::string_view text, const ReaderOptions& options = {}) {
    return read(snapshot_of(text), options);
  }
  /// Cut at every offset, the lines and their numbers are the same.
  void expect_lines(std::string_view text, size_t most_part_size) {
    std::string_view content = text;
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    const std::vector<std::string> expected = split(content);
    const Snapshot snapshot = snapshot_of(text);
    const Source::About& about = snapshot.sources[0]->about();
    for (size_t size = 1; size <= most_part_size; ++size) {
      const Reading reading = read(snapshot, {size, 1 << 20});
      ASSERT_EQ(texts_of(reading), expected) << "in parts of " << size;
      for (size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(reading.lines[i].position, (base::SourcePosition{about.name, i + 1, 1}))
            << "parts of " << size;
      }
      ASSERT_EQ(reading.sizes, about.size) << size;
      ASSERT_EQ(reading.last, std::vector<std::string>{expected.back()}) << size;
    }
    EXPECT_TRUE(snapshot.sources[0]->verify({}).ok());
  }

  TemporaryFolder folder_;
};

TEST_P(SourceTest, PartsOfAnySizeGiveTheSameLines) {
  expect_lines("{\"a\":1}\n{\"b\":2}\n{}\n{\"c\":\"a longer line than the others\"}\n", 70);
}

TEST_P(SourceTest, ALastLineWithoutAnEndCounts) {
  expect_lines("{\"a\":1}\n{\"b\":2}", 20);
  expect_lines("x", 3);
}

TEST_P(SourceTest, BlankLinesAndCarriageReturnsAreKept) {
  expect_lines("\n\n{}\r\n\r\n  \n{\"a\":1}\n\n\n", 25);
  expect_lines("\n", 3);
  expect_lines("\r", 3);
}

TEST_P(SourceTest, AByteOrderMarkIsLeftOut) {
  expect_lines("\xEF\xBB\xBF{\"a\":1}\n{\"b\":2}\n", 25);
  expect_lines("\xEF\xBB\xBF{\"a\":1}", 12);
  expect_lines("{\"a\":1}\n\xEF\xBB\xBF{\"b\":2}\n", 25);  // no such mark inside a file
}

TEST_P(SourceTest, NothingIsNoPart) { EXPECT_EQ(read_text("").parts, 0U); }

TEST_P(SourceTest, LinesAcrossPagesAndReadSizes) {
  std::string text;
  for (const size_t size :
       {4095U, 4096U, 4097U, 1U, 8191U, 16'384U, 20'000U, 0U, 40'000U, 100U, 65'536U}) {
    text += std::string(size, static_cast<char>('a' + size % 26)) + "\n";
  }
  const std::vector<std::string> expected = split(text);
  for (const size_t size : {100UL, 1000UL, 4095UL, 4096UL, 4097UL, 16'384UL, 50'000UL, 1UL << 20}) {
    ASSERT_EQ(texts_of(read_text(text, {size, 1 << 20})), expected) << size;
  }
}

TEST_P(SourceTest, ManyParts) {
  const std::string text = some_lines(20'000);
  const std::vector<std::string> expected = split(text);
  for (const size_t size : {100'000UL, 131'072UL, 1UL << 20}) {
    const Reading reading = read_text(text, {size, 1 << 20});
    ASSERT_EQ(texts_of(reading), expected) << size;
    EXPECT_EQ(reading.lines.back().position.line, 20'000U);
  }
}

TEST_P(SourceTest, ALineOverTheLimitIsAnErrorAtItsStart) {
  const std::string text = "{\"a\":1}\n{}\n" + std::string(200'000, 'x') + "\n{\"b\":2}\n";
  const Snapshot snapshot = snapshot_of(text);
  const Reading reading = read(snapshot, {1000, 50'000});
  ASSERT_GE(reading.errors.size(), 1U);
  for (const base::Error& error : reading.errors) {
    EXPECT_EQ(error.code(), base::ErrorCode::kLimit);
    EXPECT_EQ(error.position(), (base::SourcePosition{snapshot.sources[0]->about().name, 3, 1}));
  }
  EXPECT_TRUE(read(snapshot, {1000, 200'001}).errors.empty());
}

TEST_P(SourceTest, PositionsInsideLines) {
  const Snapshot snapshot = snapshot_of("{\"a\":1}\n\n{\"bc\":2}\n");
  const std::string& name = snapshot.sources[0]->about().name;
  Reader reader(snapshot, {true}, {});
  BlockBuffer buffer;
  Part part;
  ASSERT_TRUE(*reader.claim(part, buffer));
  const auto all = reader.load(part, buffer);
  ASSERT_TRUE(all.ok());
  const auto position = [&](int at) { return reader.position(part, *all, all->begin + at); };
  EXPECT_EQ(position(2), (base::SourcePosition{name, 1, 3}));
  EXPECT_EQ(position(7), (base::SourcePosition{name, 1, 8}));
  EXPECT_EQ(position(8), (base::SourcePosition{name, 2, 1}));
  EXPECT_EQ(position(12), (base::SourcePosition{name, 3, 4}));
}

TEST_P(SourceTest, TheLastBlockSaysSo) {
  for (const std::string& text : {some_lines(30), some_lines(30) + "{}", std::string("{}\n")}) {
    const Snapshot snapshot = snapshot_of(text);
    const std::vector<std::string> expected = split(text);
    for (size_t size = 1; size < 300; size += 7) {
      const Reading reading = read(snapshot, {size, 1 << 20});
      ASSERT_EQ(texts_of(reading), expected);
      EXPECT_EQ(reading.last, (std::vector<std::string>{expected.back()})) << size;
    }
  }
}

TEST_P(SourceTest, WorkersShareTheParts) {
  const Snapshot snapshot = snapshot_of(some_lines(5000));
  Reader reader(snapshot, {true}, {8192, 1 << 20});
  std::vector<size_t> counts(4);
  std::vector<std::thread> workers;
  for (size_t& count : counts) {
    workers.emplace_back([&reader, &count] {
      BlockBuffer buffer;
      Part part;
      while (*reader.claim(part, buffer)) {
        const auto block = reader.load(part, buffer);
        if (block.ok()) {
          count += static_cast<size_t>(std::count(block->begin, block->end, '\n'));
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(counts[0] + counts[1] + counts[2] + counts[3], 5000U);
}

TEST_P(SourceTest, ReadersDoNotDisturbEachOther) {
  const Snapshot snapshot = snapshot_of("a\nb\nc\nd\n");
  ASSERT_FALSE(snapshot.sources[0]->about().once);
  Reader first(snapshot, {true}, {2, 100});
  BlockBuffer buffer;
  Part part;
  ASSERT_TRUE(*first.claim(part, buffer));
  EXPECT_EQ(texts_of(read(snapshot)), (std::vector<std::string>{"a", "b", "c", "d"}));
  ASSERT_TRUE(*first.claim(part, buffer));
  const auto block = first.load(part, buffer);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(*block->begin, 'b');
}

base::Result<SourcePtr> open_file(const Input& input) {
  KILN_ASSIGN(SourcePtr source, FileSource::open(input));
  return source;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, SourceTest,
    testing::Values(Kind{"plain",
                         [](const TemporaryFolder& folder, std::string_view text) {
                           return open_file({folder.write("a.ndjson", text)});
                         }},
                    Kind{"gzip",
                         [](const TemporaryFolder& folder, std::string_view text) {
                           return open_file({folder.write("a.gz", gzipped(text))});
                         }},
                    Kind{"zstd",
                         [](const TemporaryFolder& folder, std::string_view text) {
                           return open_file({folder.write("a.zst", zstandard(text))});
                         }},
                    Kind{"memory",
                         [](const TemporaryFolder&, std::string_view text) {
                           return TextSource::open("<request>", std::string(text));
                         }}),
    [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace kiln::dataset
