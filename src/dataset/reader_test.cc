#include "dataset/reader.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dataset/testing/temporary_files.h"
#include "json/line_parser.h"

namespace kiln::dataset {
namespace {

struct Line {
  std::string text;
  base::SourcePosition position;
};

/// Everything that a reader gives, as a worker would see it, and the errors in between.
struct Reading {
  std::vector<Line> lines;
  std::vector<base::Error> errors;
  uint64_t parts = 0;
  uint64_t sizes = 0;
  uint64_t left_out = 0;
  std::vector<std::string> last;  ///< the last line of each block that ends a file
};

void take_lines(const Reader& reader, const Part& part, const Block& block, Reading& reading) {
  static constexpr size_t kMostPositions = 100;  // each may read the file again
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

Reading read(const std::vector<Input>& inputs, ReaderOptions options = {},
             std::vector<bool> wanted = {}) {
  Reading reading;
  auto snapshot = Snapshot::open(inputs);
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().to_string();
  wanted.resize(inputs.size(), true);
  Reader reader(*snapshot, wanted, options);
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
    if (block->ends_file && block->begin != block->end) {
      reading.last.push_back(reading.lines.back().text);
    }
  }
}

std::vector<std::string> texts_of(const Reading& reading) {
  EXPECT_TRUE(reading.errors.empty());
  std::vector<std::string> texts;
  for (const Line& line : reading.lines) texts.push_back(line.text);
  return texts;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Input plain(const std::string& path) { return {path, FileKind::kNdjson, ""}; }

class ReaderTest : public testing::Test {
 protected:
  /// The file as it is and compressed.
  std::vector<Input> forms(std::string_view text) {
    return {plain(folder_.write("a.ndjson", text)),
            {folder_.write("a.gz", gzipped(text)), FileKind::kNdjson, ""},
            {folder_.write("a.zst", zstandard(text)), FileKind::kNdjson, ""}};
  }
  /// Cut at every offset, the lines and their numbers are the same.
  void expect_lines(std::string_view text, size_t most_part_size) {
    std::string_view content = text;
    if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
    const std::vector<std::string> expected = split(content);
    for (const Input& input : forms(text)) {
      for (size_t size = 1; size <= most_part_size; ++size) {
        const Reading reading = read({input}, {size, 1 << 20});
        ASSERT_EQ(texts_of(reading), expected) << input.path << " in parts of " << size;
        for (size_t i = 0; i < expected.size(); ++i) {
          ASSERT_EQ(reading.lines[i].position, (base::SourcePosition{input.path, i + 1, 1}))
              << "parts of " << size;
        }
        ASSERT_EQ(reading.sizes, std::filesystem::file_size(input.path)) << size;
      }
    }
  }

  TemporaryFolder folder_;
};

TEST_F(ReaderTest, PartsOfAnySizeGiveTheSameLines) {
  expect_lines("{\"a\":1}\n{\"b\":2}\n{}\n{\"c\":\"a longer line than the others\"}\n", 70);
}

TEST_F(ReaderTest, ALastLineWithoutAnEndCounts) {
  expect_lines("{\"a\":1}\n{\"b\":2}", 20);
  expect_lines("x", 3);
}

TEST_F(ReaderTest, BlankLinesAndCarriageReturnsAreKept) {
  expect_lines("\n\n{}\r\n\r\n  \n{\"a\":1}\n\n\n", 25);
  expect_lines("\n", 3);
  expect_lines("\r", 3);
}

TEST_F(ReaderTest, AByteOrderMarkIsLeftOut) {
  expect_lines("\xEF\xBB\xBF{\"a\":1}\n{\"b\":2}\n", 25);
  expect_lines("\xEF\xBB\xBF{\"a\":1}", 12);
  expect_lines("{\"a\":1}\n\xEF\xBB\xBF{\"b\":2}\n", 25);  // no such mark inside a file
}

TEST_F(ReaderTest, LinesAcrossPagesAndReadSizes) {
  std::string text;
  for (const size_t size :
       {4095U, 4096U, 4097U, 1U, 8191U, 16'384U, 20'000U, 0U, 40'000U, 100U, 65'536U}) {
    text += std::string(size, static_cast<char>('a' + size % 26)) + "\n";
  }
  const std::vector<std::string> expected = split(text);
  for (const Input& input : forms(text)) {
    for (const size_t size :
         {100UL, 1000UL, 4095UL, 4096UL, 4097UL, 16'384UL, 50'000UL, 1UL << 20}) {
      ASSERT_EQ(texts_of(read({input}, {size, 1 << 20})), expected) << input.path << " " << size;
    }
  }
}

TEST_F(ReaderTest, CompressedFilesOfManyParts) {
  const std::string text = some_lines(20'000);
  const std::vector<std::string> expected = split(text);
  for (const Input& input : forms(text)) {
    for (const size_t size : {100'000UL, 131'072UL, 1UL << 20}) {
      const Reading reading = read({input}, {size, 1 << 20});
      ASSERT_EQ(texts_of(reading), expected) << input.path << " " << size;
      EXPECT_EQ(reading.lines.back().position.line, 20'000U);
    }
  }
}

TEST_F(ReaderTest, FilesComeInOrderAndUnwantedOnesNot) {
  const std::vector<Input> inputs = {plain(folder_.write("1", "a\nb\n")),
                                     plain(folder_.write("2", "c\n")),
                                     plain(folder_.write("3", "")), plain(folder_.write("4", "d"))};
  EXPECT_EQ(texts_of(read(inputs)), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(texts_of(read(inputs, {}, {true, false, true, true})),
            (std::vector<std::string>{"a", "b", "d"}));
  EXPECT_EQ(texts_of(read(inputs, {}, {false, false, false, false})), std::vector<std::string>{});
}

TEST_F(ReaderTest, ALineOverTheLimitIsAnErrorAtItsStart) {
  const std::string text = "{\"a\":1}\n{}\n" + std::string(200'000, 'x') + "\n{\"b\":2}\n";
  for (const Input& input : forms(text)) {
    const Reading reading = read({input}, {1000, 50'000});
    ASSERT_GE(reading.errors.size(), 1U) << input.path;
    for (const base::Error& error : reading.errors) {
      EXPECT_EQ(error.code(), base::ErrorCode::kLimit);
      EXPECT_EQ(error.position(), (base::SourcePosition{input.path, 3, 1}));
    }
    EXPECT_TRUE(read({input}, {1000, 200'001}).errors.empty()) << input.path;
  }
}

TEST_F(ReaderTest, AnEndlessLineInAPipeIsAnError) {
  const std::string path = folder_.path_of("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream(path, std::ios::binary) << "{}\n{}\n" << std::string(30'000, ' ');
  });
  const Reading reading = read({plain(path)}, {1000, 20'000});
  writer.join();
  ASSERT_EQ(reading.errors.size(), 1U);
  EXPECT_EQ(reading.errors[0].code(), base::ErrorCode::kLimit);
  EXPECT_EQ(reading.errors[0].position(), (base::SourcePosition{path, 3, 1}));
}

TEST_F(ReaderTest, PositionsInsideLines) {
  const Input input = plain(folder_.write("a", "{\"a\":1}\n\n{\"bc\":2}\n"));
  auto snapshot = Snapshot::open({input});
  ASSERT_TRUE(snapshot.ok());
  Reader reader(*snapshot, {true}, {10, 1000});
  BlockBuffer buffer;
  Part part;
  ASSERT_TRUE(*reader.claim(part, buffer));
  ASSERT_TRUE(*reader.claim(part, buffer));  // from offset 10: the line began at 9
  const auto block = reader.load(part, buffer);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(block->begin, block->end);

  Reader whole(*snapshot, {true}, {});
  ASSERT_TRUE(*whole.claim(part, buffer));
  const auto all = whole.load(part, buffer);
  EXPECT_EQ(whole.position(part, *all, all->begin + 2), (base::SourcePosition{input.path, 1, 3}));
  EXPECT_EQ(whole.position(part, *all, all->begin + 7), (base::SourcePosition{input.path, 1, 8}));
  EXPECT_EQ(whole.position(part, *all, all->begin + 8), (base::SourcePosition{input.path, 2, 1}));
  EXPECT_EQ(whole.position(part, *all, all->begin + 12), (base::SourcePosition{input.path, 3, 4}));
}

TEST_F(ReaderTest, DamagedCompressionIsReportedOnce) {
  const std::string bytes = gzipped(some_lines(2000));
  const Input bad{folder_.write("bad.gz", std::string_view(bytes).substr(0, bytes.size() / 2)),
                  FileKind::kNdjson, ""};
  const Input good = plain(folder_.write("good", "last\n"));
  const Reading reading = read({bad, good}, {10'000, 1 << 20});
  ASSERT_EQ(reading.errors.size(), 1U);
  EXPECT_EQ(reading.errors[0].code(), base::ErrorCode::kInvalid);
  EXPECT_EQ(reading.errors[0].position().source, bad.path);
  EXPECT_EQ(reading.lines.back().text, "last");
}

TEST_F(ReaderTest, AFileThatBecameShorterIsAConflict) {
  const std::string path = folder_.write("a", some_lines(1000));
  auto snapshot = Snapshot::open({plain(path)});
  ASSERT_TRUE(snapshot.ok());
  Reader reader(*snapshot, {true}, {4096, 1 << 20});
  BlockBuffer buffer;
  Part part;
  ASSERT_TRUE(*reader.claim(part, buffer));
  ASSERT_TRUE(reader.load(part, buffer).ok());
  std::filesystem::resize_file(path, 10'000);
  base::ErrorCode code = base::ErrorCode::kInternal;
  while (*reader.claim(part, buffer)) {
    const auto block = reader.load(part, buffer);
    if (!block.ok()) code = block.error().code();
  }
  EXPECT_EQ(code, base::ErrorCode::kConflict);
}

TEST_F(ReaderTest, WorkersShareTheParts) {
  const std::string text = some_lines(5000);
  auto snapshot = Snapshot::open(forms(text));
  ASSERT_TRUE(snapshot.ok());
  Reader reader(*snapshot, {true, true, true}, {8192, 1 << 20});
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
  EXPECT_EQ(counts[0] + counts[1] + counts[2] + counts[3], 15'000U);
}

class JsonFileTest : public testing::Test {
 protected:
  Input json(std::string_view name, std::string_view text) {
    return {folder_.write(name, text), FileKind::kJson, ""};
  }
  TemporaryFolder folder_;
};

TEST_F(JsonFileTest, ABundleIsOneLine) {
  const Reading reading = read({json("b.json", R"({
    "resourceType" : "Bundle", "type": "collection",
    "entry": [ { "resource": { "resourceType": "Patient", "id": "a b" } } ], "total": 3 }
)")});
  EXPECT_EQ(texts_of(reading),
            (std::vector<std::string>{
                R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)"
                R"({"resourceType":"Patient","id":"a b"}}],"total":3})"}));
  EXPECT_EQ(reading.lines[0].position, (base::SourcePosition{folder_.path_of("b.json"), 0, 0}));
}

TEST_F(JsonFileTest, AnArraysItemsAreItsLines) {
  const Reading reading = read({json("a.json",
                                     "\xEF\xBB\xBF [ {\"resourceType\" : \"Patient\"},\n 1,"
                                     " \"x y\" , null, {\"a\":{} } ]\n")});
  EXPECT_EQ(texts_of(reading), (std::vector<std::string>{R"({"resourceType":"Patient"})", "1",
                                                         "\"x y\"", "null", R"({"a":{}})"}));
  EXPECT_EQ(reading.lines[4].position.source, folder_.path_of("a.json") + " item 5");
}

TEST_F(JsonFileTest, WhatHoldsNoResourcesIsAnErrorOrLeftOutIfItWasFound) {
  for (const std::string_view text : {"{}", "[]", "[1]", R"({"a":{"resourceType":"Patient"}})", "3",
                                      R"("text")", R"([{"id":"x"},[]])"}) {
    Input input = json("x.json", text);
    const Reading named = read({input});
    ASSERT_EQ(named.errors.size(), 1U) << text;
    EXPECT_EQ(named.errors[0].code(), base::ErrorCode::kInvalid);
    EXPECT_EQ(named.errors[0].position().source, input.path);
    input.found = true;
    const Reading found = read({input});
    const bool nested = text.find("[]]") != std::string_view::npos;
    EXPECT_EQ(found.errors.size(), nested ? 1U : 0U) << text;
    EXPECT_EQ(found.left_out, nested ? 0U : 1U) << text;
  }
}

TEST_F(JsonFileTest, AResourceAloneIsOneLine) {
  const Reading reading = read({json("p.json",
                                     "\xEF\xBB\xBF{\r\n \"resourceType\": \"List\",\n"
                                     " \"entry\": [ 1 ] }\r\n")});
  EXPECT_EQ(texts_of(reading),
            (std::vector<std::string>{R"({"resourceType":"List","entry":[1]})"}));
}

TEST_F(JsonFileTest, ErrorsHavePositionsInTheText) {
  Reading reading =
      read({json("bad.json", "{\n  \"resourceType\": \"Bundle\",\n  \"entry\": [}\n}")});
  ASSERT_EQ(reading.errors.size(), 1U);
  EXPECT_EQ(reading.errors[0].code(), base::ErrorCode::kInvalid);
  EXPECT_EQ(reading.errors[0].position().source, folder_.path_of("bad.json"));
  EXPECT_EQ(reading.errors[0].position().line, 3U);
  for (const std::string_view text :
       {"", " \n", "{\"a\":\"b", "{\"a\":1", "[1", "{}{}", "[]{}",
        "{\"resourceType\":\"Bundle\",\"entry\":[]", "{\"resourceType\":\"Bundle\"}}"}) {
    reading = read({json("bad.json", text)});
    ASSERT_EQ(reading.errors.size(), 1U) << text;
    EXPECT_EQ(reading.errors[0].code(), base::ErrorCode::kInvalid) << text;
    EXPECT_EQ(reading.errors[0].position().source, folder_.path_of("bad.json")) << text;
  }
}

TEST_F(JsonFileTest, ABadFileDoesNotHideTheNext) {
  const Input bad = json("bad.json", "{");
  const Input good = json("good.json", R"({"resourceType":"Patient"})");
  const Input lines = plain(folder_.write("lines", "first\nsecond\n"));
  for (const auto& inputs : {std::vector<Input>{bad, good, lines}, {bad, bad, lines, good}}) {
    const Reading reading = read(inputs);
    EXPECT_EQ(reading.errors.size(), inputs.size() - 2);
    EXPECT_EQ(reading.lines.size(), 3U);
  }
}

TEST_F(JsonFileTest, CompressedFilesAreReadToo) {
  const std::string path =
      folder_.write("b.json.gz", gzipped(R"({"resourceType":"Bundle","entry":[{"resource":{}}]})"));
  EXPECT_EQ(texts_of(read({{path, FileKind::kJson, ""}})),
            (std::vector<std::string>{R"({"resourceType":"Bundle","entry":[{"resource":{}}]})"}));
}

/// Found, not named: the log of an export, not its data.
class FoundFileTest : public ReaderTest {
 protected:
  Reading read_found(const Input& plain_input, size_t part_size = 1 << 20) {
    Input input = plain_input;
    input.found = true;
    return read({input}, {part_size, 1 << 20});
  }
};

TEST_F(FoundFileTest, ALogIsLeftOutAsAWhole) {
  std::string log;
  while (log.size() < 300'000)
    log += R"({"eventId":"x","level":"info"})"
           "\n\n";
  for (const std::string& text : {log, std::string("{\"a\":1}"), std::string("[]\n1\n\"x\"\n")}) {
    for (const Input& input : forms(text)) {
      for (const size_t size : {100UL, 1UL << 20}) {
        const Reading reading = read_found(input, size);
        EXPECT_EQ(reading.left_out, 1U) << input.path;
        EXPECT_TRUE(reading.lines.empty());
        EXPECT_TRUE(reading.errors.empty());
        EXPECT_EQ(reading.sizes, std::filesystem::file_size(input.path));
      }
      EXPECT_EQ(texts_of(read({input})), split(text)) << "named";
    }
  }
}

TEST_F(FoundFileTest, AResourceOrADamagedLineMakesItData) {
  const std::string log = R"({"eventId":"x"})"
                          "\n";
  for (const std::string& text : {log + R"({"resourceType":"Patient"})", log + "{\"eventId\":",
                                  log + "x", std::string(), std::string("\n \n"), some_lines(3)}) {
    for (const Input& input : forms(text)) {
      for (const size_t size : {1UL, 10UL, 1UL << 20}) {
        const Reading reading = read_found(input, size);
        EXPECT_EQ(reading.left_out, 0U) << text;
        EXPECT_EQ(texts_of(reading), split(text)) << text;
      }
    }
  }
}

TEST_F(ReaderTest, TheLastBlockOfAFileSaysSo) {
  for (const std::string& text : {some_lines(30), some_lines(30) + "{}", std::string("{}\n")}) {
    for (const Input& input : forms(text)) {
      for (size_t size = 1; size < 300; size += 7) {
        const Reading reading = read({input}, {size, 1 << 20});
        const std::vector<std::string> expected = split(text);
        ASSERT_EQ(texts_of(reading), expected);
        EXPECT_EQ(reading.last, (std::vector<std::string>{expected.back()})) << size;
      }
    }
  }
}

TEST_F(ReaderTest, OtherFormatsAreNamed) {
  const std::vector<std::pair<std::string_view, std::string>> formats = {
      {"xz",
       {"\xFD"
        "7zXZ\0rest",
        10}},
      {"bzip2", "BZh91AY&SY"},
      {"zip", "PK\3\4rest"},
      {"UTF-16", {"\xFF\xFE{\0}\0", 6}},
      {"UTF-16", {"\0{\0}", 4}},
      {"UTF-16", {"{\0}\0", 4}},
      {"Parquet", "PAR1rest"},
      {"XML", "<Patient/>"}};
  for (const auto& [name, bytes] : formats) {
    for (const FileKind kind : {FileKind::kNdjson, FileKind::kJson}) {
      const Reading reading = read({{folder_.write("x.ndjson", bytes), kind, ""}});
      ASSERT_EQ(reading.errors.size(), 1U) << name;
      EXPECT_EQ(reading.errors[0].code(), base::ErrorCode::kInvalid);
      EXPECT_NE(reading.errors[0].message().find(name), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kiln::dataset
