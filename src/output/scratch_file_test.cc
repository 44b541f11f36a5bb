#include "output/scratch_file.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace kiln::output {
namespace {

std::string path_for_test() {
  return (std::filesystem::temp_directory_path() / ("kiln_scratch_" + std::to_string(getpid())))
      .string();
}

TEST(ScratchFileTest, ReadsWhatWasWrittenAndGoes) {
  const std::string path = path_for_test();
  std::ofstream(path) << "old";
  const std::string bytes(1 << 20, 'x');
  std::string read;
  {
    const ScratchFile file(path);
    EXPECT_FALSE(std::filesystem::exists(path));
    std::ofstream(path) << bytes << "end";
    const auto status = file.read([&](std::string_view block) {
      read += block;
      return base::Status();
    });
    EXPECT_TRUE(status.ok());
  }
  EXPECT_EQ(read, bytes + "end");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ScratchFileTest, StopsAtTheFirstError) {
  const ScratchFile file(path_for_test());
  const auto ignore = [](std::string_view) { return base::Status(); };
  EXPECT_EQ(file.read(ignore).error().code(), base::ErrorCode::kNotFound);
  std::ofstream(file.path()) << std::string(1 << 20, 'x');
  size_t blocks = 0;
  const auto status = file.read([&](std::string_view) {
    ++blocks;
    return base::Status(base::Error(base::ErrorCode::kUnavailable, "not now"));
  });
  EXPECT_EQ(status.error().code(), base::ErrorCode::kUnavailable);
  EXPECT_EQ(blocks, 1U);
}

}  // namespace
}  // namespace kiln::output
