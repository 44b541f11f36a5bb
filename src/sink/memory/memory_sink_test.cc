#include "sink/memory/memory_sink.h"

#include "sink/sink_contract_test.h"

namespace kiln::sink::testing {
namespace {

using base::ErrorCode;

class Memory final : public SinkPlace {
 public:
  std::unique_ptr<ExportSink> open(const std::string&) override {
    return make_memory_sink(uint64_t{64} << 20);
  }
};

INSTANTIATE_TEST_SUITE_P(Memory, SinkContract,
                         ::testing::Values(SinkCase{"Memory",
                                                    [] { return std::make_unique<Memory>(); }}),
                         name_of_case);

TEST(MemorySinkTest, WriteOverTheBoundFailsAndGivesItsBytesBack) {
  const auto sink = make_memory_sink(1000);
  store(*sink, {"job", 1, "first"}, std::string(600, 'a'));
  auto writer = sink->create({"job", 1, "second"}, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->write(std::string(400, 'b')).ok());
  const auto over = (*writer)->write("c");
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code(), ErrorCode::kLimit);
  EXPECT_FALSE((*writer)->finish().ok()) << "a part of the file became a file";
  // Free again before the writer has gone, and counted once only.
  store(*sink, {"job", 1, "third"}, std::string(400, 'd'));
  writer->reset();
  EXPECT_EQ(load_error(*sink, {"job", 1, "second"}, 0, 0), ErrorCode::kNotFound);
  auto full = sink->create({"job", 1, "fourth"}, {});
  ASSERT_TRUE(full.ok());
  EXPECT_FALSE((*full)->write("e").ok());
}

TEST(MemorySinkTest, UnfinishedFilesCount) {
  const auto sink = make_memory_sink(1000);
  auto first = sink->create({"job", 1, "first"}, {});
  auto second = sink->create({"job", 1, "second"}, {});
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE((*first)->write(std::string(1000, 'a')).ok());
  EXPECT_FALSE((*second)->write("b").ok());
  first->reset();
  store(*sink, {"job", 1, "third"}, std::string(1000, 'c'));
}

TEST(MemorySinkTest, RemovalGivesBytesBack) {
  const auto sink = make_memory_sink(1000);
  store(*sink, {"job", 1, "file"}, std::string(1000, 'a'));
  store(*sink, {"job", 1, "empty"}, "");
  ASSERT_TRUE(sink->remove_attempts_before("job", 2, {}).ok());
  store(*sink, {"job", 2, "file"}, std::string(1000, 'a'));
  ASSERT_TRUE(sink->remove_job("job", {}).ok());
  store(*sink, {"job", 3, "file"}, std::string(1000, 'a'));
}

TEST(MemorySinkTest, HugeWriteDoesNotWrapAround) {
  const auto sink = make_memory_sink(10);
  store(*sink, {"job", 1, "file"}, "12345");
  auto writer = sink->create({"job", 1, "big"}, {});
  ASSERT_TRUE(writer.ok());
  const auto over = (*writer)->write(std::string(1 << 20, 'x'));
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code(), ErrorCode::kLimit);
}

}  // namespace
}  // namespace kiln::sink::testing
