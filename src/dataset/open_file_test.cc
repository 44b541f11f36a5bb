#include "dataset/open_file.h"

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dataset/testing/temporary_files.h"

namespace kiln::dataset {
namespace {

OpenFilePtr open_file(const std::string& path, const OpenOptions& options = {}) {
  auto file = OpenFile::open({path, FileKind::kNdjson, ""}, options);
  EXPECT_TRUE(file.ok()) << file.error().to_string();
  return *file;
}

std::string read_at(const OpenFile& file, size_t size, uint64_t offset) {
  std::string text(size, '?');
  const auto got = file.read_at(text.data(), size, offset);
  EXPECT_TRUE(got.ok());
  text.resize(got.ok() ? *got : 0);
  return text;
}

/// Without waiting for the clock to tick.
void set_modified(const std::string& path, int64_t seconds) {
  timespec times[2] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(OpenFileTest, ReadsWithinTheFile) {
  const TemporaryFolder folder;
  const OpenFilePtr file = open_file(folder.write("a", "0123456789"));
  EXPECT_TRUE(file->seekable());
  EXPECT_EQ(file->state().size, 10U);
  EXPECT_EQ(read_at(*file, 4, 3), "3456");
  EXPECT_EQ(read_at(*file, 100, 8), "89");
  EXPECT_EQ(read_at(*file, 4, 10), "");
  EXPECT_EQ(read_at(*file, 4, UINT64_MAX), "");
  EXPECT_EQ(read_at(*file, 0, 3), "");
}

TEST(OpenFileTest, WhatIsAppendedIsNotSeen) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123");
  const OpenFilePtr file = open_file(path);
  std::ofstream(path, std::ios::app) << "4567";
  EXPECT_EQ(read_at(*file, 100, 0), "0123");
  EXPECT_TRUE(file->check_unchanged().ok());
}

TEST(OpenFileTest, AReplacedFileIsReadAsItWas) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old content");
  const OpenFilePtr file = open_file(path);
  std::filesystem::rename(folder.write("b", "new"), path);
  EXPECT_EQ(read_at(*file, 100, 0), "old content");
  EXPECT_TRUE(file->check_unchanged().ok());
  std::filesystem::remove(path);
  EXPECT_EQ(read_at(*file, 3, 0), "old");
}

TEST(OpenFileTest, AShortenedFileIsAConflict) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123456789");
  const OpenFilePtr file = open_file(path);
  std::filesystem::resize_file(path, 5);
  char bytes[10];
  EXPECT_TRUE(file->read_at(bytes, 5, 0).ok());
  EXPECT_EQ(file->read_at(bytes, 6, 0).error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(file->read_at(bytes, 1, 7).error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(file->check_unchanged().error().code(), base::ErrorCode::kConflict);
}

TEST(OpenFileTest, AFileChangedInPlaceIsAConflict) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123456789");
  set_modified(path, 1'700'000'000);
  const OpenFilePtr file = open_file(path);
  EXPECT_TRUE(file->check_unchanged().ok());
  folder.write("a", "9876543210");
  set_modified(path, 1'700'000'001);
  const auto status = file->check_unchanged();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(status.error().position().source, path);
}

/// Longer than before, but not by what was appended.
TEST(OpenFileTest, AFileWrittenAnewIsAConflictAlsoIfItIsLonger) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123456789");
  set_modified(path, 1'700'000'000);
  const OpenFilePtr file = open_file(path);
  folder.write("a", "0123456789 and more");
  set_modified(path, 1'700'000'001);
  EXPECT_TRUE(file->check_unchanged().ok());
  EXPECT_TRUE(OpenFile::open_as_it_was(file->input(), file->state()).ok());
  for (const char* anew : {"x123456789 and more", "012345678x and more"}) {
    folder.write("a", anew);
    set_modified(path, 1'700'000'002);
    EXPECT_EQ(file->check_unchanged().error().code(), base::ErrorCode::kConflict) << anew;
    EXPECT_EQ(OpenFile::open_as_it_was(file->input(), file->state()).error().code(),
              base::ErrorCode::kConflict)
        << anew;
  }
}

TEST(OpenFileTest, WhatCannotBeOpened) {
  const TemporaryFolder folder;
  const auto missing = OpenFile::open({folder.path_of("no"), FileKind::kNdjson, ""});
  EXPECT_EQ(missing.error().code(), base::ErrorCode::kNotFound);
  EXPECT_EQ(OpenFile::open({folder.path(), FileKind::kNdjson, ""}).error().code(),
            base::ErrorCode::kIo);
}

TEST(OpenFileTest, WhatIsNoRegularFileIsRefusedWhereItWasNotNamed) {
  const TemporaryFolder folder;
  const std::string fifo = folder.path_of("fifo.ndjson");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);  // nobody writes to it: opening must not wait
  const auto found = OpenFile::open({fifo, FileKind::kNdjson, "", true});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), base::ErrorCode::kUnavailable);
  EXPECT_NE(found.error().message().find(fifo), std::string::npos);
  const auto refused = OpenFile::open({fifo}, {nullptr, base::SpecialFiles::kRefused});
  EXPECT_EQ(refused.error().code(), base::ErrorCode::kUnavailable);
  EXPECT_EQ(OpenFile::open({"/dev/null", FileKind::kNdjson, "", true}).error().code(),
            base::ErrorCode::kUnavailable);
  const auto named = OpenFile::open({fifo});
  ASSERT_TRUE(named.ok());
  EXPECT_FALSE((*named)->seekable());
}

TEST(OpenFileTest, TheFormatIsToldByTheFirstBytes) {
  const TemporaryFolder folder;
  EXPECT_EQ(open_file(folder.write("a.gz", "{}"))->format().compression, Compression::kNone);
  EXPECT_EQ(open_file(folder.write("a", gzipped("{}")))->format().compression, Compression::kGzip);
  EXPECT_EQ(open_file(folder.write("b", zstandard("{}")))->format().compression,
            Compression::kZstd);
  EXPECT_EQ(open_file(folder.write("c.gz", "PK\3\4"))->format().foreign, "zip");
}

/// Files that are open one after the other in a cache of so many descriptors.
class ManyFilesTest : public testing::TestWithParam<int> {
 protected:
  static constexpr size_t kCapacity = 4;
  size_t count() const { return kCapacity + static_cast<size_t>(GetParam()); }
  std::string path(size_t i) const { return folder_.path_of("f" + std::to_string(i)); }
  std::string content(size_t i) const { return "content of file " + std::to_string(i); }
  ManyFilesTest() {
    for (size_t i = 0; i < count(); ++i) {
      folder_.write("f" + std::to_string(i), content(i));
      set_modified(path(i), 1'700'000'000);
      files_.push_back(open_file(path(i), {cache_}));
    }
  }
  TemporaryFolder folder_;
  std::shared_ptr<DescriptorCache> cache_ = std::make_shared<DescriptorCache>(kCapacity);
  std::vector<OpenFilePtr> files_;
};

TEST_P(ManyFilesTest, AllAreReadInAnyOrder) {
  for (size_t round = 0; round < 3; ++round) {
    for (size_t i = 0; i < count(); ++i) {
      const size_t at = round == 1 ? count() - 1 - i : i;
      ASSERT_EQ(read_at(*files_[at], 100, 0), content(at));
      ASSERT_TRUE(files_[at]->check_unchanged().ok());
      ASSERT_LE(cache_->open_count(), kCapacity);
    }
  }
  files_.clear();
  EXPECT_EQ(cache_->open_count(), 0U);
}

/// Those whose descriptors are open still, which are the last ones, are read as they were.
TEST_P(ManyFilesTest, AReplacedFileIsReadAsItWasOrIsAConflict) {
  for (size_t i = 0; i < count(); ++i) {
    std::filesystem::rename(folder_.write("new", content(i)), path(i));
  }
  const size_t closed = count() - std::min(count(), kCapacity);
  for (size_t i = count(); i-- > closed;) {
    EXPECT_EQ(read_at(*files_[i], 100, 0), content(i));
    EXPECT_TRUE(files_[i]->check_unchanged().ok());
  }
  for (size_t i = 0; i < closed; ++i) {
    char byte = 0;
    EXPECT_EQ(files_[i]->read_at(&byte, 1, 0).error().code(), base::ErrorCode::kConflict);
    EXPECT_EQ(files_[i]->check_unchanged().error().code(), base::ErrorCode::kConflict);
  }
}

TEST_P(ManyFilesTest, WhatHappensToAFileIsSeenWhetherItIsOpenOrNot) {
  for (size_t i = 0; i < count(); ++i) {
    std::ofstream(path(i), std::ios::app) << " and more";
    EXPECT_EQ(read_at(*files_[i], 100, 0), content(i)) << "appended";
    EXPECT_TRUE(files_[i]->check_unchanged().ok());
    folder_.write("f" + std::to_string(i), std::string(40, 'x'));
    set_modified(path(i), 1'700'000'001);
    EXPECT_EQ(files_[i]->check_unchanged().error().code(), base::ErrorCode::kConflict);
    std::filesystem::resize_file(path(i), 3);
    EXPECT_EQ(files_[i]->check_unchanged().error().code(), base::ErrorCode::kConflict);
  }
  for (size_t i = 0; i < count(); ++i) std::filesystem::remove(path(i));
  if (GetParam() > 0) {
    EXPECT_EQ(files_[0]->check_unchanged().error().code(), base::ErrorCode::kConflict);
  }
}

TEST_P(ManyFilesTest, ThreadsShareThem) {
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 300; ++i) {
        const size_t at = (i * (t + 1) + t) % count();
        ASSERT_EQ(read_at(*files_[at], 100, 0), content(at));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache_->open_count(), kCapacity);
}

/// Where a file was there stands a FIFO now, or what does not answer: it is refused by name.
class ReopenedFileTest : public testing::Test {
 protected:
  ReopenedFileTest() : path_(folder_.write("first", "text")) {
    file_ = open_file(path_, {cache_});
    for (int i = 0; i < 2; ++i) {  // its descriptor is closed for theirs
      const std::string name = "other" + std::to_string(i);
      others_.push_back(open_file(folder_.write(name, name), {cache_}));
    }
  }
  void expect_refused(const base::Error& error) const {
    EXPECT_EQ(error.code(), base::ErrorCode::kUnavailable);
    EXPECT_NE(error.message().find(path_), std::string::npos) << error.message();
  }

  std::promise<void> answer_;
  std::atomic<bool> is_gone_ = false;
  TemporaryFolder folder_;
  const std::string path_;
  const std::shared_ptr<DescriptorCache> cache_ = std::make_shared<DescriptorCache>(
      1,
      base::PatienceOptions{std::chrono::milliseconds(20),
                            [this, gate = answer_.get_future().share()](const std::string& path) {
                              if (is_gone_ && path == path_) gate.wait();
                            }});
  OpenFilePtr file_;
  std::vector<OpenFilePtr> others_;
  char byte_ = 0;
};

TEST_F(ReopenedFileTest, AFifoInItsPlaceIsRefused) {
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  expect_refused(file_->read_at(&byte_, 1, 0).error());
  EXPECT_TRUE(OpenFile::check_unchanged({others_[0]}, {}).ok());
  expect_refused(OpenFile::check_unchanged({others_[0], file_}, {}).error());
}

TEST_F(ReopenedFileTest, AFileSystemThatDoesNotAnswerIsNotWaitedFor) {
  is_gone_ = true;
  for (int i = 0; i < 2; ++i) expect_refused(file_->read_at(&byte_, 1, 0).error());
  expect_refused(OpenFile::check_unchanged({file_, others_[0]}, {}).error());
  EXPECT_EQ(read_at(*others_[0], 100, 0), "other0") << "others are read";
  is_gone_ = false;
  answer_.set_value();
  while (!file_->read_at(&byte_, 1, 0).ok()) std::this_thread::yield();
  EXPECT_EQ(read_at(*file_, 100, 0), "text");
  EXPECT_TRUE(OpenFile::check_unchanged({file_, others_[0]}, {}).ok());
}

INSTANTIATE_TEST_SUITE_P(AroundTheCapacity, ManyFilesTest, testing::Values(-1, 0, 1, 5));

}  // namespace
}  // namespace kiln::dataset
