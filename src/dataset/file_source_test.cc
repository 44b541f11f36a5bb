#include "dataset/file_source.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dataset/testing/reading.h"
#include "dataset/testing/temporary_files.h"

namespace kiln::dataset {
namespace {

class FileSourceTest : public testing::Test {
 protected:
  /// The file as it is and compressed.
  std::vector<Input> forms(std::string_view text) {
    return {plain(folder_.write("a.ndjson", text)),
            {folder_.write("a.gz", gzipped(text)), FileKind::kNdjson, ""},
            {folder_.write("a.zst", zstandard(text)), FileKind::kNdjson, ""}};
  }

  TemporaryFolder folder_;
};

TEST_F(FileSourceTest, AnEndlessLineInAPipeIsAnError) {
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

TEST_F(FileSourceTest, APipeIsReadOnce) {
  const std::string path = folder_.path_of("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const auto pipe = FileSource::open(plain(path));
  ASSERT_TRUE(pipe.ok());
  EXPECT_TRUE((*pipe)->about().once);
  EXPECT_EQ((*pipe)->about().size, 0U);
}

TEST_F(FileSourceTest, OtherFormatsAreNamed) {
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

TEST_F(FileSourceTest, APartThatAnEarlierLineCoversIsEmpty) {
  const auto snapshot = open_files({plain(folder_.write("a", "{\"a\":1}\n\n{\"bc\":2}\n"))});
  ASSERT_TRUE(snapshot.ok());
  Reader reader(*snapshot, {true}, {10, 1000});
  BlockBuffer buffer;
  Part part;
  ASSERT_TRUE(*reader.claim(part, buffer));
  ASSERT_TRUE(*reader.claim(part, buffer));  // from offset 10: the line began at 9
  const auto block = reader.load(part, buffer);
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(block->begin, block->end);
}

TEST_F(FileSourceTest, AFileThatBecameShorterIsAConflict) {
  const std::string path = folder_.write("a", some_lines(1000));
  auto snapshot = open_files({plain(path)});
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
  EXPECT_EQ(snapshot->sources[0]->verify({}).error().code(), base::ErrorCode::kConflict);
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
class FoundFileTest : public FileSourceTest {
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

}  // namespace
}  // namespace kiln::dataset
