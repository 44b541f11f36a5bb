#include "dataset/reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataset/testing/reading.h"
#include "dataset/testing/temporary_files.h"
#include "dataset/text_source.h"

namespace kiln::dataset {
namespace {

class ReaderTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(ReaderTest, FilesComeInOrderAndUnwantedOnesNot) {
  const std::vector<Input> inputs = {plain(folder_.write("1", "a\nb\n")),
                                     plain(folder_.write("2", "c\n")),
                                     plain(folder_.write("3", "")), plain(folder_.write("4", "d"))};
  EXPECT_EQ(texts_of(read(inputs)), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(texts_of(read(inputs, {}, {true, false, true, true})),
            (std::vector<std::string>{"a", "b", "d"}));
  EXPECT_EQ(texts_of(read(inputs, {}, {false, false, false, false})), std::vector<std::string>{});
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

TEST_F(ReaderTest, SourcesOfAllKindsInOneOrder) {
  auto snapshot = open_files({plain(folder_.write("a.gz", gzipped("1\n2\n")))});
  ASSERT_TRUE(snapshot.ok());
  snapshot->sources.push_back((*snapshot_of_lines("3\n4"))->sources[0]);
  snapshot->sources.push_back((*open_files({plain(folder_.write("b", "5\n"))})).sources[0]);
  EXPECT_EQ(texts_of(read(*snapshot, {2, 100})),
            (std::vector<std::string>{"1", "2", "3", "4", "5"}));
}

}  // namespace
}  // namespace kiln::dataset
