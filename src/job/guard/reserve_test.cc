#include "job/guard/reserve.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "job/testing/must.h"
#include "job/testing/seams.h"

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

TEST(ReserveTest, Issue_1_8_HoldsRoomUntilItIsNeeded) {
  const ScratchFolder folder;
  const std::string file = folder / "reserve";
  Reserve reserve(folder.path());
  EXPECT_GE(reserve.size(), Reserve::kLeast);
  EXPECT_LE(reserve.size(), Reserve::kMost);
  EXPECT_FALSE(fs::exists(file));
  must(reserve.check());
  EXPECT_EQ(fs::file_size(file), reserve.size());
  EXPECT_FALSE(reserve.is_low());
  reserve.release();
  EXPECT_FALSE(fs::exists(file));
  reserve.release();  // is nothing
  must(reserve.check());
  EXPECT_EQ(fs::file_size(file), reserve.size()) << "there was room again";
  must(Reserve(folder.path()).check());
}

/// An operator may have taken some of it.
TEST(ReserveTest, Issue_1_8_IsMadeWholeAgain) {
  const ScratchFolder folder;
  std::ofstream(folder / "reserve") << "x";
  Reserve reserve(folder.path());
  must(reserve.check());
  EXPECT_EQ(fs::file_size(folder / "reserve"), reserve.size());
}

TEST(ReserveTest, Issue_1_8_WhereNothingCanBeHeldItSaysSo) {
  const ScratchFolder folder;
  Reserve reserve(folder / "gone");
  EXPECT_EQ(reserve.check().error().code(), base::ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace kiln::job
