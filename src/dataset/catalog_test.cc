#include "dataset/catalog.h"

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dataset/testing/temporary_files.h"

namespace kiln::dataset {
namespace {

bool no_type(std::string_view) { return false; }

/// Files that cannot be looked at before open() is called.
class Gate {
 public:
  void shut(const std::string& path) {
    opened_ = std::promise<void>();
    future_ = opened_.get_future().share();
    path_ = path;
    is_shut_ = true;
  }
  void open() {
    is_shut_ = false;
    opened_.set_value();
  }
  void pass(const std::string& path) {
    if (is_shut_ && path == path_) future_.wait();
  }

 private:
  std::atomic<bool> is_shut_{false};
  std::string path_;
  std::promise<void> opened_;
  std::shared_future<void> future_;
};

class CatalogTest : public testing::Test {
 protected:
  CatalogTest() : a_(folder_.write("a.ndjson", "{}\n")), b_(folder_.write("b.ndjson", "{}\n")) {}

  std::unique_ptr<Catalog> open(const std::vector<std::string>& arguments) {
    auto catalog = Catalog::open(arguments, no_type,
                                 {std::chrono::milliseconds(20),
                                  [gate = gate_](const std::string& path) { gate->pass(path); }});
    EXPECT_TRUE(catalog.ok()) << catalog.error().to_string();
    return std::move(*catalog);
  }

  TemporaryFolder folder_;
  const std::string a_, b_;
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

TEST_F(CatalogTest, FilesThatHaveNotChangedAreShared) {
  const auto catalog = open({folder_.path()});
  const SnapshotPtr first = *catalog->snapshot();
  ASSERT_EQ(first->sources.size(), 2U);
  folder_.write("b.ndjson", "{}\n{}\n");
  folder_.write("c.ndjson", "");
  const SnapshotPtr second = *catalog->snapshot();
  ASSERT_EQ(second->sources.size(), 3U);
  EXPECT_EQ(first->sources[0], second->sources[0]);
  EXPECT_NE(first->sources[1], second->sources[1]);
}

/// The file system does not answer: everyone is told at once, and all is well when it does again.
TEST_F(CatalogTest, AFileThatCannotBeLookedAtHoldsUpNoOne) {
  const auto catalog = open({folder_.path()});
  gate_->shut(b_);
  for (int i = 0; i < 3; ++i) {
    const auto snapshot = catalog->snapshot();
    ASSERT_FALSE(snapshot.ok());
    EXPECT_EQ(snapshot.error().code(), base::ErrorCode::kUnavailable);
    EXPECT_NE(snapshot.error().message().find(b_), std::string::npos);
  }
  gate_->open();
  auto again = catalog->snapshot();
  while (!again.ok()) {
    ASSERT_EQ(again.error().code(), base::ErrorCode::kUnavailable);
    std::this_thread::yield();
    again = catalog->snapshot();
  }
  EXPECT_EQ((*again)->sources.size(), 2U);
}

TEST_F(CatalogTest, AThreadThatIsLeftBehindOutlivesTheCatalogue) {
  auto catalog = open({folder_.path()});
  gate_->shut(a_);
  EXPECT_FALSE(catalog->snapshot().ok());
  catalog.reset();
  gate_->open();
}

TEST_F(CatalogTest, WhatIsNoRegularFileIsRefusedByName) {
  const std::string fifo = folder_.path_of("fifo.ndjson");
  const auto catalog = open({folder_.path()});
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& argument : {folder_.path(), fifo, folder_.path_of("*.ndjson")}) {
    const auto refused = Catalog::open({argument}, no_type);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), base::ErrorCode::kUnavailable);
    EXPECT_NE(refused.error().message().find(fifo), std::string::npos);
  }
  EXPECT_EQ(catalog->snapshot().error().code(), base::ErrorCode::kUnavailable);
  std::filesystem::remove(fifo);
  EXPECT_TRUE(catalog->snapshot().ok());
}

}  // namespace
}  // namespace kiln::dataset
